// The connect page: exchanges the link's secret for a session, opens Meta's dialog, and shows how the attempt goes on.
// Nothing that happens here is trusted by the server.
const data = JSON.parse(document.getElementById('page-data').textContent);
const API = '/v1/connection/embedded-signup';
const POLL_MILLIS = 1000;
const SDK_MILLIS = 15000;
const WARNING_MILLIS = 5 * 60 * 1000;

const element = (id) => document.getElementById(id);
const sections = ['ask', 'dialog', 'choose', 'pin-form', 'again'];
let attempt = null;
let sessionEvent = null; // what Meta's dialog told, until it was handed on
let cancelledAt = null;
let agreed = false;
let sdk = 'unasked'; // loading, ready, failed
let inDialog = 0; // counts the dialogs, so that one that was given up is not heard
let expired = false;

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

// Where nothing is left to press, the focus goes to what was said, not to nowhere.
function focusOnWords() {
  element(element('problem').textContent ? 'problem' : 'status').focus();
}

// A time in the visitor's words, kept apart from the direction of the text around it.
function moment(at) {
  const when = document.createElement('bdi');
  when.textContent = at.toLocaleString(data.lang === 'he' ? 'he-IL' : 'en-GB', { dateStyle: 'medium', timeStyle: 'short' });
  return when;
}

// The link's end is told from the start, and once more before it comes.
function tellExpiry(expiresAt) {
  const at = new Date(expiresAt);
  element('expiry').replaceChildren(data.words.valid_until + ' ', moment(at));
  const left = at.getTime() - Date.now();
  if (left > WARNING_MILLIS) {
    setTimeout(() => element('expiry').replaceChildren(data.words.ends_soon + ' ', moment(at)), left - WARNING_MILLIS);
  }
  setTimeout(() => over(data.words.link_over), Math.max(0, left));
}

function over(text) {
  if (expired || (attempt && attempt.status === 'done')) {
    return;
  }
  expired = true;
  element('expiry').replaceChildren();
  show();
  complain(text);
  focusOnWords();
}

function ask(name) {
  element('tenant-name').textContent = name;
  element('tenant-name-again').textContent = name;
  document.title = element('account').textContent.trim();
}

function showAsk() {
  inDialog++;
  agreed = false;
  say('');
  show('ask');
  if (sdk === 'failed') {
    loadSdk();
  }
  element('yes').focus();
}

function showDialogButton() {
  agreed = true;
  say(sdk === 'ready' ? '' : data.words.waiting_for_meta);
  show('dialog');
  if (sdk === 'ready') {
    element('open-dialog').focus();
  } else if (sdk === 'failed') {
    sdkFailed();
  } else {
    focusOnWords();
  }
}

function showNotYours() {
  say(data.words.not_yours);
  offerAgain(false, null);
}

function busy(text) {
  show();
  say(text);
  if (document.activeElement === document.body || document.activeElement.closest('[hidden]')) {
    focusOnWords();
  }
}

function offerAgain(canRetry, retryAfter) {
  show('again');
  element('retry').hidden = !canRetry;
  const wait = retryAfter ? Date.parse(retryAfter) - Date.now() : 0;
  element('retry').disabled = wait > 0;
  if (wait > 0) {
    element('problem').append(' ' + data.words.wait_until + ' ', moment(new Date(retryAfter)));
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
    label.append(radio, number, ' ', name);
    list.append(label);
  });
  show('choose');
  list.querySelector('input')?.focus();
}

function showAttempt(now) {
  attempt = now;
  switch (now.status) {
    case 'running':
      if (now.retryable) { // whoever ran it is gone
        complain(now.step_text);
        offerAgain(true, null);
        break;
      }
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
        element('pin').setAttribute('aria-invalid', String(now.failure === 'pin_wrong'));
        element('pin').focus();
      } else {
        complain(now.text);
        offerAgain(false, now.retry_after);
      }
      break;
    case 'done':
      show();
      element('expiry').replaceChildren();
      say(now.text);
      focusOnWords();
      break;
    default: // failed, abandoned
      if (now.failure === 'still_leaving') { // goes on by itself
        busy(now.text);
        setTimeout(refresh, 2 * POLL_MILLIS);
        break;
      }
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
    if (['connect_session_invalid', 'tenant_suspended'].includes(problem.code)) {
      over(problem.message);
    } else {
      offerAgain(Boolean(attempt && attempt.retryable), null);
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
    if (['connect_session_invalid', 'tenant_suspended'].includes(problem.code)) {
      over(problem.message);
    } else {
      complain(problem.message);
      setTimeout(refresh, POLL_MILLIS * 5);
    }
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
  const dialog = ++inDialog;
  // Right in the click, or the browser blocks the window.
  window.FB.login((response) => answered(response, dialog), {
    config_id: data.config_id,
    response_type: 'code',
    override_default_response_type: true,
    extras: {
      setup: {},
      // A number that stays in the app goes another way through Meta's dialog.
      featureType: element('on-app').checked ? 'whatsapp_business_app_onboarding' : '',
      features: [],
      sessionInfoVersion: '3',
      version: 'v4',
    },
  });
  if (dialog === inDialog && !attempt) {
    busy(data.words.in_dialog);
    // Meta does not always tell that its window was closed.
    show('again');
    element('retry').hidden = true;
  }
}

function answered(response, dialog) {
  if (dialog !== inDialog) {
    return; // the visitor started over meanwhile
  }
  inDialog++;
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

function sdkFailed() {
  if (sdk === 'ready') {
    return;
  }
  sdk = 'failed';
  // Whoever waits for something else has no use for it yet.
  if (!element('ask').hidden || !element('dialog').hidden) {
    complain(data.words.sdk_failed);
    offerAgain(false, null);
  }
}

function loadSdk() {
  sdk = 'loading';
  window.fbAsyncInit = () => {
    window.FB.init({ appId: data.app_id, autoLogAppEvents: false, xfbml: false, version: data.version });
    sdk = 'ready';
    element('open-dialog').disabled = false;
    if (agreed && !element('dialog').hidden) {
      say('');
      element('open-dialog').focus();
    }
  };
  setTimeout(sdkFailed, SDK_MILLIS);
  const script = document.createElement('script');
  script.async = true;
  script.crossOrigin = 'anonymous';
  script.src = data.sdk_url;
  script.onerror = sdkFailed;
  document.head.append(script);
}

// --- what the visitor does -------------------------------------------------------------------------------------------

element('yes').addEventListener('click', showDialogButton);
element('no').addEventListener('click', showNotYours);
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
    tellExpiry(state.expires_at);
    loadSdk();
    const waits = state.attempt && (['running', 'choose_number', 'needs_pin'].includes(state.attempt.status)
      || (state.attempt.status === 'failed' && (state.attempt.retryable || state.attempt.retry_after)));
    if (waits) {
      showAttempt(state.attempt);
    } else {
      showAsk();
    }
  } catch (problem) {
    show();
    complain(problem.message);
    focusOnWords();
  }
}

begin();
