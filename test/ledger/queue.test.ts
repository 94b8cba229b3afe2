import { testQueue } from '../schedule/queue-conformance.ts';
import { openLedger } from './opened.ts';

testQueue('the ledger', () => openLedger());
