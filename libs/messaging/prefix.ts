/**
 * What may be committed of one partition: the offset after the longest run of ended messages from the first one heard.
 * Offsets may have gaps (compaction), so "contiguous" means in the order heard.
 */
export class Prefix {
  private readonly heard: string[] = [];
  private first = 0;
  private readonly ended = new Set<string>();
  private position: string | undefined;
  private committed: string | undefined;

  /** To be called in the partition's order. */
  begin(offset: string): void {
    this.heard.push(offset);
  }

  /** May be called in any order. */
  end(offset: string): void {
    this.ended.add(offset);
    for (let next = this.heard[this.first]; next !== undefined && this.ended.delete(next);) {
      this.position = (BigInt(next) + 1n).toString();
      this.first += 1;
      next = this.heard[this.first];
    }
    if (this.first > 1_024 && this.first * 2 > this.heard.length) {
      this.heard.splice(0, this.first);
      this.first = 0;
    }
  }

  /** The offset to commit (the next one to be heard), while it is ahead of what was committed. */
  due(): string | undefined {
    return this.position === this.committed ? undefined : this.position;
  }

  /** The next offset to be heard, as written; -1: nothing was. */
  get committedTo(): bigint {
    return this.committed === undefined ? -1n : BigInt(this.committed);
  }

  /** What `due` said has been written. */
  wrote(offset: string): void {
    this.committed = offset;
  }
}
