import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Routes } from '../../src/supervise/routes.ts';

const route = 'webhook https://hooks.example.com';

void test('a route that fails is left alone, tried by one report at a time, and open to all again once it works', () => {
  let clock = 0;
  const routes = new Routes(() => clock);
  assert.equal(routes.room(route, 0, 0), 8);
  assert.equal(routes.onDelayed(route, 'route', null), true);
  assert.equal(routes.onDelayed(route, 'route', null), false);
  assert.equal(routes.pauseLeft(route), 1000);
  assert.equal(routes.room(route, 0, 0), 1);
  clock = 1000;
  assert.equal(routes.pauseLeft(route), 0);
  routes.onDelayed(route, 'route', null);
  assert.equal(routes.pauseLeft(route), 2000);
  assert.equal(routes.onMade(route), false);
  assert.deepEqual([routes.room(route, 0, 0), routes.pauseLeft(route)], [8, 0]);
});

void test('a receiver that does not want one report is asked for the others', () => {
  const routes = new Routes(() => 0);
  assert.equal(routes.onDelayed(route, 'report', 3_600_000), true);
  assert.deepEqual([routes.room(route, 0, 0), routes.pauseLeft(route)], [8, 0]);
});

void test('an outage of more than a moment lets go what waited for it', () => {
  let clock = 0;
  const routes = new Routes(() => clock);
  for (let failure = 0; failure < 3; failure += 1) {
    clock += routes.pauseLeft(route);
    routes.onDelayed(route, 'route', null);
  }
  assert.equal(routes.onMade(route), true);
  assert.equal(routes.onMade(route), false);
});

void test('it has not worked for long after an hour of failures', () => {
  let clock = 0;
  const routes = new Routes(() => clock);
  routes.onDelayed(route, 'route', null);
  clock = 3_600_000;
  assert.equal(routes.isLong(route), false);
  clock += 1;
  assert.equal(routes.isLong(route), true);
  assert.equal(routes.isLong('webhook https://other.example.com'), false);
});

void test('a receiver that asks for a pause gets it', () => {
  const routes = new Routes(() => 0);
  routes.onDelayed(route, 'route', 120_000);
  assert.equal(routes.pauseLeft(route), 120_000);
});

void test('many routes together take no more than their kind has room for', () => {
  const routes = new Routes(() => 0);
  assert.equal(routes.room('webhook http://a', 0, 64), 0);
  assert.equal(routes.room('command notify', 1, 1), 1);
  assert.equal(routes.room('command other', 0, 4), 0);
  assert.equal(routes.room('github', 0, 0), 1);
  assert.equal(routes.room('github', 1, 1), 0);
});
