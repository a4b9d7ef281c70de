// Prints as it goes.
export class Report {
  constructor(name, version, about, builds) {
    Object.assign(this, { name, version, about, builds, results: [] });
  }
  start() {
    console.log(`\n${this.version}`, this.about.peaks, this.about.builds);
  }
  add(cases, results) {
    this.results.push(...results);
    for (const r of results) {
      const g = r.ms ? r.flops / r.ms.median / 1e6 : 0;
      console.log(
        r.case.padEnd(24),
        (r.who + (r.note ? ` (${r.note})` : '')).padEnd(40),
        r.failed ??
          `${r.ms.median.toFixed(3)} ms [${r.ms.p10.toFixed(3)}-${r.ms.p90.toFixed(3)}] x${r.ms.samples} ${g.toFixed(1)} GFLOP/s ${((100 * g) / r.peak).toFixed(0)}%`,
        r.error?.toExponential(1),
      );
    }
  }
  async finish() {}
}
