// The last so many things, each by its name.

export class Recent<T> {
  readonly #most: number;
  readonly #things = new Map<string, T>();

  constructor(most: number) {
    this.#most = most;
  }

  get(name: string): T | undefined {
    return this.#things.get(name);
  }

  /** Of two that are called the same the last is kept. */
  set(name: string, thing: T): void {
    this.#things.delete(name);
    this.#things.set(name, thing);
    const [oldest = name] = this.#things.keys();
    if (this.#things.size > this.#most) this.#things.delete(oldest);
  }

  clear(): void {
    this.#things.clear();
  }
}
