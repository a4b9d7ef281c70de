//! The two build steps that need Rust. `xtask/build.mjs` calls them; by hand:
//!
//! ```text
//! cargo xtask bindgen <module.wasm> <folder> <name>   the JavaScript and TypeScript glue, and the module that it expects
//! cargo xtask catalog                                 the kernel's own lists as JSON: menus, unions of names, controls
//! ```

use std::{env, path::Path};

use anyhow::{Context, Result, bail};
use wasm_bindgen_cli_support::Bindgen;

const USAGE: &str = "usage: cargo xtask bindgen <module.wasm> <folder> <name> | cargo xtask catalog";

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["bindgen", module, folder, name] => bindgen(Path::new(module), Path::new(folder), name),
        ["catalog"] => {
            println!("{}", qkscope::catalog::json());
            Ok(())
        }
        _ => bail!(USAGE),
    }
}

/// Writes `<name>.js`, `<name>.d.ts`, `<name>_bg.wasm` and `<name>_bg.wasm.d.ts` into `folder`.
///
/// The glue names no default address of the module: that takes `import.meta`, which a classic worker, Jest and
/// CommonJS bundlers refuse. Whoever starts the module says where it is. The glue can start it anew (`__wbg_reset_state`),
/// which is how the main thread, unlike a worker that is replaced, goes on after a trap.
fn bindgen(module: &Path, folder: &Path, name: &str) -> Result<()> {
    let mut tool = Bindgen::new();
    tool.input_path(module)
        .out_name(name)
        .web(true)?
        .typescript(true)
        .ts_typed_array_buffers(true)
        .omit_default_module_path(true)
        .remove_name_section(true)
        .reset_state_function(true);
    tool.generate(folder).with_context(|| format!("wasm-bindgen failed on {}", module.display()))
}
