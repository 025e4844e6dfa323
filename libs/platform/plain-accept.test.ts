import { expect, it } from '@jest/globals';
import type { Request, Response } from 'express';
import { plainAccept } from './plain-accept.js';

const asked = (accept?: string): string | undefined => {
  const request = { headers: { accept } } as Request;
  let isNext = false;
  plainAccept(request, {} as Response, () => (isNext = true));
  expect(isNext).toBe(true);
  return request.headers.accept;
};

it.each([
  ['text/csv', 'text/csv'],
  ['text/csv;charset=utf-8', 'text/csv'],
  ['text/csv; Charset="UTF-8"; q=0.5, */*;q=0.1', 'text/csv; q=0.5, */*;q=0.1'],
  ['application/json, text/csv ; header=present;charset=utf-8;q=0', 'application/json, text/csv ;q=0'],
  ['text/html;level=1', 'text/html;level=1'],
  ['', ''],
])('reads %j as %j', (accept, plain) => {
  expect(asked(accept)).toBe(plain);
});

it('leaves alone who asks for nothing', () => {
  expect(asked()).toBeUndefined();
});
