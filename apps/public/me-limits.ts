import { Injectable } from '@nestjs/common';
import { SubscribeLimits } from './subscribe-limits.js';

/** The same limits as for subscribing, counted apart: one does not use up the other. */
@Injectable()
export class MeLimits extends SubscribeLimits {}
