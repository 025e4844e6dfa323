import { expect, it } from '@jest/globals';
import { figuresOf } from './survey-results.js';

it('counts promoters, passives and detractors, and what they come to', () => {
  const scores = [1, 0, 0, 0, 0, 0, 1, 2, 0, 3, 3];
  expect(figuresOf(scores)).toEqual({
    ...{ count: 10, mean: 7.7, nps: 40, promoters: 6, passives: 2, detractors: 2 },
    distribution: scores,
  });
});

it('comes to nothing where nobody answered', () => {
  expect(figuresOf(Array<number>(11).fill(0))).toMatchObject({ count: 0, mean: 0, nps: 0 });
});

it('goes from −100 to 100', () => {
  const only = (score: number) => figuresOf(Array.from({ length: 11 }, (_, one) => (one === score ? 2 : 0)));
  expect([0, 6, 7, 8, 9, 10].map((score) => only(score).nps)).toEqual([-100, -100, 0, 0, 100, 100]);
});
