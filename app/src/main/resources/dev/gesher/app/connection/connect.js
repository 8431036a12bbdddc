// The connect page: exchanges the link's secret for a session, opens Meta's dialog, and shows how the attempt goes on.
// Nothing that happens here is trusted by the server.
const data = JSON.parse(document.getElementById('page-data').textContent);
const API = '/v1/connection/embedded-signup';
const POLL_MILLIS = 1000;

const element = (id) => document.getElementById(id);
const sections = ['ask', 'dialog', 'choose', 'pin-form', 'again'];
let attempt = null;
let sessionEvent = null; // what Meta's dialog told, until it was handed on
let cancelledAt = null;
let agreed = false;

// --- talking to Gesher ---------------------------------------------------------------------------------------------

async function call(method, path, body) {
  const answer = await fetch(API + path, {
    method,
    credentials: 'same-origin',
    cache: 'no-store',
    headers: { 'Content-Type': 'application/json', 'Accept-Language': data.lang },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const json = await answer.json().catch(() => ({}));
  if (!answer.ok) {
    const problem = new Error(json.detail || data.words.failed);
    problem.code = json.code;
    throw problem;
  }
  return json;
}

// --- showing ---------------------------------------------------------------------------------------------------------

function show(...ids) {
  for (const id of sections) {
    element(id).hidden = !ids.includes(id);
  }
}

function say(text) {
  element('problem').textContent = '';
  element('status').textContent = text;
}

function complain(text) {
  element('status').textContent = '';
  element('problem').textContent = text;
}

function ask(name) {
  element('tenant-name').textContent = name;
  element('tenant-name-again').textContent = name;
  document.title = element('account').textContent.trim();
}

function showAsk() {
  agreed = false;
  say('');
  show('ask');
  element('yes').focus();
}

function showDialogButton() {
  agreed = true;
  say('');
  show('dialog');
  element('open-dialog').focus();
}

function busy(text) {
  show();
  say(text);
}

function offerAgain(canRetry, retryAfter) {
  show('again');
  element('retry').hidden = !canRetry;
  element('start-over').hidden = false;
  const wait = retryAfter ? Date.parse(retryAfter) - Date.now() : 0;
  element('retry').disabled = wait > 0;
  if (wait > 0) {
    const when = new Date(retryAfter).toLocaleString(data.lang === 'he' ? 'he-IL' : 'en-GB');
    element('problem').textContent += ' ' + data.words.wait_until + ' ' + when;
    setTimeout(() => { element('retry').disabled = false; }, Math.min(wait, 2 ** 31 - 1));
  }
  element(canRetry && wait <= 0 ? 'retry' : 'start-over').focus();
}

function showChoices(choices) {
  const list = element('choices');
  list.replaceChildren();
  choices.forEach((choice, i) => {
    const radio = document.createElement('input');
    radio.type = 'radio';
    radio.name = 'number';
    radio.required = true;
    radio.id = 'choice-' + choice.phone_number_id;
    radio.value = String(i);
    const label = document.createElement('label');
    label.className = 'choice';
    label.htmlFor = radio.id;
    const number = document.createElement('bdi');
    number.dir = 'ltr';
    number.textContent = choice.display_phone_number;
    const name = document.createElement('bdi');
    name.textContent = [choice.verified_name, choice.account_name].filter(Boolean).join(' · ');
    label.append(radio, number, name);
    list.append(label);
  });
  show('choose');
  list.querySelector('input')?.focus();
}

function showAttempt(now) {
  attempt = now;
  switch (now.status) {
    case 'running':
      busy(now.text + ' ' + now.step_text);
      setTimeout(refresh, POLL_MILLIS);
      break;
    case 'choose_number':
      say(now.text);
      showChoices(now.choices);
      break;
    case 'needs_pin':
      if (now.pin_tries_left > 0 && !now.retry_after) {
        complain(now.text);
        show('pin-form');
        element('pin').value = '';
        element('pin').focus();
      } else {
        complain(now.text);
        offerAgain(false, now.retry_after);
      }
      break;
    case 'done':
      show();
      say(now.text);
      break;
    default: // failed, abandoned
      complain(now.text + (now.status === 'failed' ? ' (' + now.step_text + ')' : ''));
      offerAgain(now.retryable, now.retry_after);
  }
}

// Runs one step of the visitor's, keeping what went wrong on the page.
async function run(work) {
  busy(data.words.working);
  try {
    showAttempt(await work());
  } catch (problem) {
    complain(problem.message);
    if (problem.code !== 'connect_session_invalid') {
      offerAgain(Boolean(attempt), null);
    } else {
      show();
    }
  }
}

async function refresh() {
  try {
    const state = await call('GET', '');
    if (state.attempt) {
      showAttempt(state.attempt);
    }
  } catch (problem) {
    complain(problem.message);
    setTimeout(refresh, POLL_MILLIS * 5);
  }
}

// --- Meta's dialog ---------------------------------------------------------------------------------------------------

// A true origin of Meta's: https, and facebook.com or a true subdomain. (endsWith alone would take evilfacebook.com.)
function isMeta(origin) {
  if (data.meta_origin) {
    return origin === data.meta_origin;
  }
  try {
    const url = new URL(origin);
    return url.protocol === 'https:' && url.port === ''
      && (url.hostname === 'facebook.com' || url.hostname.endsWith('.facebook.com'));
  } catch {
    return false;
  }
}

window.addEventListener('message', (message) => {
  if (!isMeta(message.origin) || typeof message.data !== 'string') {
    return;
  }
  let told;
  try {
    told = JSON.parse(message.data); // Meta's other frames post what isn't JSON
  } catch {
    return;
  }
  if (!told || told.type !== 'WA_EMBEDDED_SIGNUP' || typeof told.event !== 'string') {
    return;
  }
  const details = told.data || {};
  if (told.event === 'CANCEL' || told.event === 'ERROR') {
    cancelledAt = String(details.current_step || details.error_id || told.event).slice(0, 100);
    return;
  }
  sessionEvent = { event: told.event, waba_id: id(details.waba_id), phone_number_id: id(details.phone_number_id) };
  tellLate();
});

function id(value) {
  return typeof value === 'string' && /^\d{1,32}$/.test(value) ? value : undefined;
}

// The event may come after the code: then the attempt that runs by then hears it.
async function tellLate() {
  if (!attempt || !sessionEvent || attempt.status === 'done') {
    return;
  }
  const event = sessionEvent;
  sessionEvent = null;
  try {
    showAttempt(await call('POST', '/' + attempt.attempt_id + '/event', event));
  } catch {
    // A hint that was lost: the attempt goes on without it, and asks if it must.
  }
}

function openDialog() {
  sessionEvent = null;
  cancelledAt = null;
  attempt = null;
  // Right in the click, or the browser blocks the window.
  window.FB.login(answered, {
    config_id: data.config_id,
    response_type: 'code',
    override_default_response_type: true,
    extras: { setup: {}, featureType: '', features: [], sessionInfoVersion: '3', version: 'v4' },
  });
  busy(data.words.in_dialog);
}

function answered(response) {
  const code = response && response.authResponse && response.authResponse.code;
  if (code) {
    const event = sessionEvent;
    sessionEvent = null;
    run(() => call('POST', '', event ? { code, event } : { code })).then(tellLate);
  } else {
    // The event that says where it was closed may still be on its way.
    setTimeout(() => run(() => call('POST', '/cancelled', { step: cancelledAt || 'CLOSED' })), 300);
  }
}

function loadSdk() {
  window.fbAsyncInit = () => {
    window.FB.init({ appId: data.app_id, autoLogAppEvents: false, xfbml: false, version: data.version });
    element('open-dialog').disabled = false;
    if (agreed) {
      element('open-dialog').focus();
    }
  };
  const script = document.createElement('script');
  script.async = true;
  script.crossOrigin = 'anonymous';
  script.src = data.sdk_url;
  script.onerror = () => complain(data.words.sdk_failed);
  document.head.append(script);
}

// --- what the visitor does -------------------------------------------------------------------------------------------

element('yes').addEventListener('click', showDialogButton);
element('no').addEventListener('click', () => { show(); say(data.words.not_yours); });
element('open-dialog').addEventListener('click', openDialog);
element('start-over').addEventListener('click', showAsk);
element('retry').addEventListener('click', () => run(() => call('POST', '/' + attempt.attempt_id + '/retry', {})));
element('choose').addEventListener('submit', (submitted) => {
  submitted.preventDefault();
  const chosen = element('choices').querySelector('input:checked');
  if (chosen) {
    const { waba_id, phone_number_id } = attempt.choices[Number(chosen.value)];
    run(() => call('POST', '/' + attempt.attempt_id + '/number', { waba_id, phone_number_id }));
  }
});
element('pin-form').addEventListener('submit', (submitted) => {
  submitted.preventDefault();
  const pin = element('pin').value;
  element('pin').value = '';
  run(() => call('POST', '/' + attempt.attempt_id + '/pin', { pin }));
});

async function begin() {
  const secret = decodeURIComponent(location.hash.slice(1));
  try {
    const state = secret ? await call('POST', '/session', { secret }) : await call('GET', '');
    history.replaceState(null, '', location.pathname + location.search);
    ask(state.tenant_name);
    loadSdk();
    const waits = state.attempt && ['running', 'choose_number', 'needs_pin', 'failed'].includes(state.attempt.status);
    if (waits) {
      showAttempt(state.attempt);
    } else {
      showAsk();
    }
  } catch (problem) {
    show();
    complain(problem.message);
  }
}

begin();
