// A page of another origin: it can neither read a balance nor post, and no name that is led to the
// server's address changes that.
import assert from 'node:assert/strict';
import {createServer} from 'node:http';
import {api, Browser} from './browser.mjs';

/** What the page tries, in the browser, against an address. */
async function tries(target) {
    const attempt = async (path, options) => {
        try {
            const reply = await fetch(target + path, options);
            return reply.type === 'opaque' ? 'opaque' : `${reply.status} ${await reply.text()}`;
        } catch {
            return 'failed';
        }
    };
    const body = '{"amount":1}';
    const found = {
        read: await attempt('/accounts/10001/balance'),
        readOpaque: await attempt('/accounts/10001/balance', {mode: 'no-cors'}),
        post: await attempt('/accounts/10001/deposit',
            {method: 'POST', headers: {'Content-Type': 'application/json'}, body}),
        postOpaque: await attempt('/accounts/10001/deposit',
            {method: 'POST', mode: 'no-cors', body}),
        close: await attempt('/accounts/10009/close', {method: 'POST', mode: 'no-cors'}),
    };
    const frame = document.createElement('iframe');
    frame.name = 'target';
    document.body.append(frame);
    const form = document.createElement('form');
    Object.assign(form, {
        method: 'POST', action: `${target}/accounts/10001/close`, target: 'target',
        enctype: 'text/plain',
    });
    document.body.append(form);
    await new Promise((resolve) => {
        frame.addEventListener('load', resolve);
        form.submit();
        setTimeout(resolve, 3000);
    });
    return found;
}

export async function foreignPage(base) {
    const other = createServer((_, reply) => {
        reply.setHeader('Content-Type', 'text/html');
        reply.end('<!doctype html><title>Another page</title><body>');
    });
    await new Promise((resolve) => other.listen(0, '127.0.0.1', resolve));
    const {port} = new URL(base);
    const browser = await Browser.open(base, {
        flags: [`--host-resolver-rules=MAP rebound.example 127.0.0.1`],
    });
    try {
        await api(base, '/accounts/10009/withdraw', {amount: 9000});  // so that it can be closed
        await browser.page.goto(`http://127.0.0.1:${other.address().port}/`);
        const found = await browser.page.evaluate(tries, base);
        assert.deepEqual(found, {
            read: 'failed', readOpaque: 'opaque', post: 'failed', postOpaque: 'opaque',
            close: 'opaque',
        });
        // A name of its own that leads to the server's address: the same origin, for the browser.
        const reply = await browser.page.goto(`http://rebound.example:${port}/openapi.json`);
        assert.equal(reply.status(), 421);
        const rebound = await browser.page.evaluate(tries, `http://rebound.example:${port}`);
        assert.match(rebound.read, /^421 /);
        assert.match(rebound.post, /^421 /);
    } finally {
        browser.complaints.length = 0;  // it was to ask other hosts, and to be refused
        await browser.close();
        other.close();
    }
    assert.equal((await api(base, '/accounts/10001')).sequence, 1);
    assert.equal((await api(base, '/accounts/10009')).status, 'open');
}
