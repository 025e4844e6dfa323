import cliProgress from 'cli-progress';

/** A plain line this often, where nobody sits at a terminal. */
const LINE_EVERY_MS = 5_000;

/** How far something is: a bar on a terminal, a line now and then elsewhere. Goes to the standard error. */
export class Progress {
  private bar: cliProgress.SingleBar | null = null;
  private said = Number.NEGATIVE_INFINITY;

  /** @param unit what is counted; `total` null where nobody knows (yet) how much there is: a bar begins once it is known */
  constructor(
    private readonly what: string,
    private readonly unit: string,
    private total: number | null,
    private readonly stream: NodeJS.WriteStream = process.stderr,
    private readonly mono = (): number => performance.now(),
  ) {}

  update(done: number, total = this.total): void {
    this.total = total;
    if (this.stream.isTTY && total !== null) {
      this.bar ??= this.begin(total);
      this.bar.setTotal(total);
      this.bar.update(done);
      return;
    }
    const now = this.mono();
    if (now - this.said < LINE_EVERY_MS) return;
    this.said = now;
    this.stream.write(`${this.what}: ${done}${total === null ? '' : ` of ${total}`} ${this.unit}\n`);
  }

  /** Leaves the bar as it stands. Without it the bar goes on being drawn, and the process does not end. */
  stop(): void {
    this.bar?.stop();
  }

  private begin(total: number): cliProgress.SingleBar {
    const bar = new cliProgress.SingleBar(
      {
        stream: this.stream,
        format: `${this.what} {bar} {percentage} % · {value} of {total} ${this.unit} · {eta_formatted} left`,
        hideCursor: true,
        clearOnComplete: false,
      },
      cliProgress.Presets.shades_classic,
    );
    bar.start(total, 0);
    return bar;
  }
}
