import { setTimeout as sleep } from 'node:timers/promises';
import { defineJob } from 'booty';

interface Account {
  readonly id: number;
}

class PaymentError extends Error {
  readonly account: Account;
  readonly code = 'E_PAYMENT';

  constructor(message: string, account: Account, options: ErrorOptions) {
    super(message, options);
    this.account = account;
  }
}

function readPrice(account: Account): number {
  throw Object.assign(new RangeError(`no price for ${account.id}`), { row: 17 }); // throws the price
}

async function pay(account: Account): Promise<void> {
  await sleep(1);
  try {
    readPrice(account);
  } catch (error) {
    const errors = [error, new TypeError('no currency')]; // makes the member
    throw new PaymentError('cannot pay', account, { cause: new AggregateError(errors, 'two reasons') }); // throws the payment
  }
}

export default defineJob(async (job) => {
  job.log.info('reading accounts', { count: 2 });
  job.log.warn('one is old');
  await pay({ id: 42 });
});
