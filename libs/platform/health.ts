/** Answers when its part is ready; false or a rejection is not. */
export type HealthCheck = () => boolean | void | Promise<boolean | void>;

const CHECK_MS = 2_000;

/** What has to be there before this process takes work: each part registers its own check by name. */
export class Health {
  private readonly checks = new Map<string, HealthCheck>();
  private draining = false;

  register(name: string, check: HealthCheck): void {
    this.checks.set(name, check);
  }

  /** From here on the process answers that it is not ready. */
  drain(): void {
    this.draining = true;
  }

  get isDraining(): boolean {
    return this.draining;
  }

  /** The names of what is not ready, in the order in which they registered. */
  async notReady(): Promise<string[]> {
    const names = await Promise.all(
      [...this.checks].map(async ([name, check]) => ((await passes(check)) ? [] : [name])),
    );
    return [...(this.draining ? ['draining'] : []), ...names.flat()];
  }
}

async function passes(check: HealthCheck): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), CHECK_MS);
  });
  try {
    return (await Promise.race([Promise.resolve(check()), late])) !== false;
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}
