// Postings from a page whose connection fails, or that learns of them in another order.
import assert from 'node:assert/strict';
import {api} from './browser.mjs';

async function beginWithdrawal(browser, number, amount) {
    await browser.show(`accounts/${number}`);
    await browser.page.getByText('Withdraw', {exact: true}).click();
    await browser.page.getByLabel('Amount').fill(amount);
}

/** However a posting in doubt is refused, it is sent again with its key. */
export async function oneKey(browser) {
    const {base, page} = browser;
    const keys = [];
    const refuse = (route, status, type) => route.fulfill({
        status, contentType: 'application/json',
        body: JSON.stringify({success: false, error: {type, message: `it is ${type}`}}),
    });
    const replies = [
        async (route) => {
            await route.fetch();  // it is posted, and the reply is lost
            await route.abort('connectionreset');
        },
        (route) => refuse(route, 503, 'unavailable'),
        (route) => refuse(route, 409, 'request_in_progress'),
        (route) => refuse(route, 429, 'too_many_requests'),
    ];
    await page.route('**/withdraw', (route) => {
        keys.push(route.request().headers()['idempotency-key']);
        const reply = replies.shift();
        return reply === undefined ? route.continue() : reply(route);
    });
    await beginWithdrawal(browser, '10003', '100');
    const send = page.getByRole('button', {name: 'Withdraw'});
    for (const type of ['unreachable', 'unavailable', 'request in progress', 'too many requests']) {
        await send.click();
        const alert = page.getByRole('alert').filter({hasText: type});
        await alert.filter({hasText: 'It may have been posted.'}).waitFor();
    }
    await send.click();
    await page.getByText('Done. The new balance is 2\u202f900.00').waitFor();
    assert.equal(keys.length, 5);
    assert.match(keys[0], /^console-/);
    assert.deepEqual(new Set(keys).size, 1);
    assert.equal((await api(base, '/accounts/10003')).balance, 2900);
    // What was refused for good is another operation when it is sent again, and so is the next.
    await page.getByLabel('Amount').fill('1000000');
    for (const many of [6, 7]) {
        await send.click();
        await page.getByRole('alert').filter({hasText: 'insufficient funds'}).waitFor();
        assert.equal(new Set(keys).size, many - 4);
    }
    assert.equal(await page.getByText('It may have been posted.').count(), 0);
}

/** Where the page sees the new balance before the reply, the statement has the posting still. */
export async function ownPostingShows(browser) {
    const {page} = browser;
    let pass;
    const held = new Promise((resolve) => {
        pass = resolve;
    });
    await page.route('**/withdraw', async (route) => {
        const response = await route.fetch();
        await held;
        await route.fulfill({response});
    });
    await beginWithdrawal(browser, '10005', '5');
    await page.getByRole('button', {name: 'Withdraw'}).click();
    await page.getByRole('button', {name: 'Show newer postings'}).waitFor();
    pass();
    await page.locator('td', {hasText: 'withdrawal'}).waitFor();
    await page.getByRole('button', {name: 'Show newer postings'}).waitFor({state: 'hidden'});
}
