import type { Config } from '#platform/config';

/** What a person at the terminal wants to know, once. The first key is shown when it was made, and never again. */
export function greet(
  url: string,
  config: Config,
  print: (line: string) => void = (line) => process.stdout.write(`${line}\n`),
): void {
  print('');
  print(`  Lagom is up at ${url}`);
  if (config.send.mode === 'capture') print(`  What goes out, and what does not:  ${url}/inbox`);
  if (config.adminKeyIsNew) {
    print('  The first API key, shown this once (it is kept in the data folder):');
    print(`    ${config.adminKey ?? ''}`);
  }
  print('');
}
