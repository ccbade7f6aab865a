import { describe, expect, it } from 'vitest';
import { SessionError } from '../../src/errors.ts';
import { isOwnFault } from '../../src/ops/own-fault.ts';

const withCode = (code: string, message = code): Error => Object.assign(new Error(message), { code });
const reply = (message: string): Error => Object.assign(new Error(message), { name: 'ReplyError' });

describe('what ends a session as a fault of ours', () => {
  it.each([
    new TypeError('x is not a function'),
    new RangeError('Invalid array length'),
    withCode('ERR_INVALID_ARG_TYPE'),
    new SessionError('internal_error', 'the minter says so'),
    reply('ERR wrong number of arguments'),
    new Error('a step failed', { cause: new TypeError('x is undefined') }),
  ])('is %s', (error) => {
    expect(isOwnFault(error)).toBe(true);
  });
});

describe('what is tried again, as the outside has failed', () => {
  it.each([
    withCode('ENOSPC'),
    withCode('EMFILE'),
    withCode('EAI_AGAIN'),
    withCode('ERR_STREAM_PREMATURE_CLOSE'),
    withCode('HPE_INVALID_CONSTANT'),
    withCode('SQLITE_BUSY'),
    new DOMException('given up', 'TimeoutError'),
    new SessionError('minter_unavailable', 'The minter does not answer'),
    new Error('the directory cannot be made', { cause: withCode('EACCES') }),
    reply("OOM command not allowed when used memory > 'maxmemory'."),
    reply('ERR Error running script (call to f_1): @user_script:12: @user_script: 12: -OOM command not allowed'),
    reply('ERR Error running script (call to f_1): @user_script:12: @user_script: 12: -MISCONF Redis is configured to'),
    reply('ERR max number of clients reached'),
  ])('is %s', (error) => {
    expect(isOwnFault(error)).toBe(false);
  });
});
