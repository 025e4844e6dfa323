/**
 * Where links begin, without a trailing slash. Where the port is left to the machine (PORT=0, and no PUBLIC_URL), that is
 * known once it is open: what is sent before then waits the moment.
 */
export class PublicUrl {
  private readonly given: URL;
  private readonly found: Promise<string>;
  private tell: (url: string) => void = () => undefined;

  constructor(given: string) {
    this.given = new URL(given);
    this.found =
      this.given.port === '0' ? new Promise((resolve) => (this.tell = resolve)) : Promise.resolve(given);
  }

  get(): Promise<string> {
    return this.found;
  }

  /** The port that was found; null: none will be, and nobody waits any longer. */
  settle(port: number | null): void {
    if (port !== null) this.given.port = String(port);
    this.tell(this.given.href.replace(/\/$/, ''));
  }
}
