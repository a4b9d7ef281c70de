/** Where the modules come from: each is compiled once, then posted to every worker that needs it. */
import type { Configuration } from './api.ts';
import { messageOf, QkscopeError, show } from './error.ts';
import { inflate } from './inflate.ts';
import { homes, moduleFiles } from './homes.ts';
import type { ModuleName } from './protocol.ts';

type Source = NonNullable<Configuration['module']>;
type Loader = () => Promise<WebAssembly.Module>;

type Option = 'module' | 'layersModule' | 'filesModule';

/** What each part of the work is to the caller: the option that gives its module, what it does, and a function that only it needs. */
const MODULES: Record<ModuleName, { option: Option; role: string; mark: string }> = {
  kernel: { option: 'module', role: 'the kernel', mark: 'paint' },
  layers: { option: 'layersModule', role: 'the module for heads and layers', mark: 'diagnose' },
  files: { option: 'filesModule', role: 'the reader of files', mark: 'capturereader_new' },
};

/** The option that gives each module of this build. */
export const moduleOptions = Object.entries(MODULES)
  .map(([name, { option }]) => [name as ModuleName, option] as const)
  .filter(([name]) => homes[name] === name);

/** `(func (result v128) i32.const 0 i8x16.splat i8x16.popcnt)`: valid only where SIMD is. */
const simd = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11,
];

/** `(func (param v128) (result v128) local.get 0 local.get 0 local.get 0 f32x4.relaxed_madd)`: valid only where relaxed SIMD is. */
const relaxed = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 6, 1, 96, 1, 123, 1, 123, 3, 2, 1, 0, 10, 13, 1, 11, 0, 32, 0, 32, 0, 32, 0, 253, 133,
  2, 11,
];

let deterministic = false;

const loaders = new Map<ModuleName, Loader>();
const modules = new Map<ModuleName, Promise<WebAssembly.Module>>();

/** Sets how a module is found from now on. */
export function useModule(name: ModuleName, loader: Loader): void {
  loaders.set(name, loader);
  modules.delete(name);
}

/** Sets whether the same bits must come out everywhere, from now on. */
export function useDeterministic(yes: boolean): void {
  if (yes !== deterministic) modules.clear();
  deterministic = yes;
}

/** Whether modules with relaxed SIMD are those to load: where there is such a thing, and bits may differ for speed. */
export function multipliesAndAdds(): boolean {
  return !deterministic && WebAssembly.validate(new Uint8Array(relaxed));
}

/** Whether a module was asked for. */
export const isLoaded = (name: ModuleName): boolean => modules.has(name);

/** A compiled module. A failure is not remembered: the network may be back. */
export function loadModule(name: ModuleName): Promise<WebAssembly.Module> {
  const known = modules.get(name);
  if (known) return known;
  const module = compileChecked(name).catch((error: unknown) => {
    if (modules.get(name) === module) modules.delete(name);
    throw readable(error, name);
  });
  modules.set(name, module);
  return module;
}

/** A module from what a caller gave as the option `name`. */
export function fromSource(name: string, source: Source): Loader {
  if (source instanceof WebAssembly.Module) return () => Promise.resolve(source);
  if (typeof source === 'string' || source instanceof URL) return () => fetchModule(source);
  if (ArrayBuffer.isView(source) || source instanceof ArrayBuffer) return () => WebAssembly.compile(source);
  throw new QkscopeError('parameter', name, 'a WebAssembly.Module, its bytes, or its address', show(source));
}

/** Compiles while the bytes arrive. */
export async function fetchModule(address: URL | string): Promise<WebAssembly.Module> {
  const response = await fetch(address).catch((error: unknown) => {
    throw new QkscopeError('wasm', String(address), 'reachable', messageOf(error));
  });
  if (!response.ok) throw new QkscopeError('wasm', String(address), 'served', `status ${response.status}`);
  // Servers that do not know .wasm call it octet-stream, which compileStreaming refuses.
  const streams = response.headers.get('content-type')?.split(';')[0]?.trim() === 'application/wasm';
  return streams ? WebAssembly.compileStreaming(response) : WebAssembly.compile(await response.arrayBuffer());
}

/** Compiles bytes that were gzipped and written as base64. */
export async function inflateModule(base64: string): Promise<WebAssembly.Module> {
  return WebAssembly.compile(await inflate(base64).arrayBuffer());
}

async function compileChecked(name: ModuleName): Promise<WebAssembly.Module> {
  if (typeof WebAssembly !== 'object') throw unsupported('WebAssembly');
  if (!WebAssembly.validate(new Uint8Array(simd))) throw unsupported('WebAssembly SIMD');
  return checked(name, await loaders.get(name)!());
}

/** A module that is the one it should be; throws where it is another. */
export function checked(name: ModuleName, module: WebAssembly.Module): WebAssembly.Module {
  const exported = WebAssembly.Module.exports(module).map((each) => each.name);
  for (const [part, { mark }] of Object.entries(MODULES)) {
    if (homes[part as ModuleName] !== name || exported.includes(mark)) continue;
    throw new Error(`it does not export ${mark}`);
  }
  return module;
}

function unsupported(feature: string): QkscopeError {
  const message = `this browser has no ${feature}, which qkscope needs: every browser since March 2023 has it`;
  return new QkscopeError('unsupported', feature, 'present', 'missing', message);
}

/** What failed to compile or to start, in words that say what to do. */
export function readable(error: unknown, name: ModuleName): QkscopeError {
  if (error instanceof QkscopeError) return error;
  // It is put into a sentence.
  const found = messageOf(error).replace(/\.$/, '');
  const { option, role } = MODULES[name];
  const message = /Content Security Policy|unsafe-eval|disallowed by embedder|blocked by CSP/i.test(found)
    ? `the page's Content Security Policy forbids WebAssembly: add 'wasm-unsafe-eval' to its script-src (${found})`
    : `${role} is not ${moduleFiles[name]}, the module that belongs to this script: another, damaged, or of another version (${found})`;
  return new QkscopeError('wasm', option, 'the WebAssembly module of this version', found, message);
}
