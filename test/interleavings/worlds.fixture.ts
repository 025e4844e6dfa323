import { openEmbeddedStore } from '#embedded/embedded-store';
import { World } from './world.fixture.js';

/** Worlds on one store, each with a database of its own. */
export async function openWorlds(count: number): Promise<{ worlds: World[]; close: () => Promise<void> }> {
  const store = await openEmbeddedStore({ dataDir: 'memory' });
  const worlds = await Promise.all(Array.from({ length: count }, (_, n) => World.on(store, `world-${n}`)));
  const close = async (): Promise<void> => {
    await Promise.all(worlds.map((world) => world.leave()));
    await store.close();
  };
  return { worlds, close };
}
