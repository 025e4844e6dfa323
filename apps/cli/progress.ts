import cliProgress from 'cli-progress';

/** A plain line this often, where nobody sits at a terminal. */
const LINE_EVERY_MS = 5_000;

/** How far something is: a bar on a terminal, a line now and then elsewhere. Goes to the standard error. */
export class Progress {
  private readonly bar: cliProgress.SingleBar | null;
  private said = Number.NEGATIVE_INFINITY;
  private isBegun = false;

  /** @param unit what is counted; `total` null where nobody knows how much there is */
  constructor(
    private readonly what: string,
    private readonly unit: string,
    private total: number | null,
    private readonly stream: NodeJS.WriteStream = process.stderr,
    private readonly mono = (): number => performance.now(),
  ) {
    this.bar =
      stream.isTTY && total !== null
        ? new cliProgress.SingleBar(
            {
              stream,
              format: `${what} {bar} {percentage} % · {value} of {total} ${unit} · {eta_formatted} left`,
              hideCursor: true,
              clearOnComplete: false,
            },
            cliProgress.Presets.shades_classic,
          )
        : null;
  }

  update(done: number, total = this.total): void {
    this.total = total;
    if (this.bar !== null) {
      if (!this.isBegun) this.bar.start(total ?? 0, 0);
      this.isBegun = true;
      if (total !== null) this.bar.setTotal(total);
      this.bar.update(done);
      return;
    }
    const now = this.mono();
    if (now - this.said < LINE_EVERY_MS) return;
    this.said = now;
    this.stream.write(`${this.what}: ${done}${total === null ? '' : ` of ${total}`} ${this.unit}\n`);
  }

  stop(): void {
    if (this.isBegun) this.bar?.stop();
  }
}
