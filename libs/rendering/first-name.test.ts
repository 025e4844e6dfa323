import { expect, it } from '@jest/globals';
import { firstNameOf } from './first-name.js';

it.each<[string | null, string | null]>([
  ['Per Berg', 'Per'],
  ['Anna', 'Anna'],
  ['  anna-karin  ek ', 'anna-karin'],
  ["D'Arcy Fox", "D'Arcy"],
  ['A\u030Asa Ek', 'A\u030Asa'],
  ['王 伟', '王'],
  ['Per Berg Jr.', 'Per'],
  // What only begins like a title.
  ['Drew Ek', 'Drew'],
  ['Missy Frunze', 'Missy'],
  ['Dr. Per Berg', 'Per'],
  ['Dr.Per Berg', 'Per'],
  ['dr per berg', 'per'],
  ['PROF. DR. Per Berg', 'Per'],
  ['Med. dr Per Berg', 'Per'],
  ['Fru Anna Ek', 'Anna'],
  ['Fro\u0308ken Anna Ek', 'Anna'],
  ['Mr & Mrs John Smith', 'John'],
  // An initial, and what is short for a name, is nobody's to be called by.
  ['P. Gunnar Berg', 'Gunnar'],
  ['Å Gunnar Berg', 'Gunnar'],
  ['Chr. Berg', null],
  ['P. Berg', null],
  ['P Berg', null],
  ['J.R. Ewing', null],
  // One word after a title is a surname, as a rule: nobody is greeted by it.
  ['Dr. Berg', null],
  ['dr per', null],
  ['Fru Andersson', null],
  ['Herr och fru Berg', null],
  ['Dr.', null],
  ['...', null],
  [' ', null],
  ['', null],
  [null, null],
])('calls %j %j', (name, called) => {
  expect(firstNameOf(name)).toBe(called);
});
