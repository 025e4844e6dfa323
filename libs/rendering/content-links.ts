import type { ContentBlock } from './write-blocks.js';

/** A link of a mail: `b3` is the one of its fourth block, in every version for good. */
export interface ContentLink {
  link: string;
  /** What it stands on: a button's words, a picture's description, an offer's title. */
  label: string;
  href: string;
}

export const linkOf = (block: number): string => `b${block}`;

/** The links that a marketer gave a mail, in order. */
export function linksOf(blocks: readonly ContentBlock[]): ContentLink[] {
  return blocks.flatMap((block, index): ContentLink[] => {
    if (!('href' in block) || block.href === undefined) return [];
    return [{ link: linkOf(index), label: labelOf(block), href: block.href }];
  });
}

function labelOf(block: ContentBlock): string {
  switch (block.kind) {
    case 'button':
      return block.label;
    case 'image':
      return block.alt;
    case 'offer':
      return block.title;
    default:
      return '';
  }
}

/** Whether it leads to a page: a mail address or a number is nobody's web site. */
export const isWebLink = (href: string): boolean => /^https?:\/\//i.test(href);

/** The same blocks with other links. */
export function withLinks(
  blocks: readonly ContentBlock[],
  change: (href: string, link: string) => string,
): ContentBlock[] {
  return blocks.map((block, index) =>
    'href' in block && block.href !== undefined
      ? { ...block, href: change(block.href, linkOf(index)) }
      : block,
  );
}
