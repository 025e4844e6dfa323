import type { FactoryProvider } from '@nestjs/common';
import { join } from 'node:path';
import { rootDir } from '#platform/root';
import { loadPages, Pages } from '#rendering/pages';

/** What people are shown by `public`, and by `console`. */
export const PAGES: FactoryProvider<Pages> = {
  provide: Pages,
  useFactory: () => loadPages(join(rootDir(), 'templates', 'pages')),
};
