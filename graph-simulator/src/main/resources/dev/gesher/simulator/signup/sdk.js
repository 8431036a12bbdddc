/* A stand-in for https://connect.facebook.net/en_US/sdk.js: FB.init and FB.login as Embedded Signup uses them. */
(function () {
  'use strict';
  var origin = new URL(document.currentScript.src).origin;
  var settings = null;
  var pending = null;

  function finish(response) {
    if (!pending) {
      return;
    }
    var done = pending;
    pending = null;
    clearInterval(done.watch);
    done.callback(response);
  }

  window.addEventListener('message', function (event) {
    var isOurs = pending && event.origin === origin && event.source === pending.popup;
    if (!isOurs || !event.data || event.data.simulator !== 'login') {
      return;
    }
    finish(
      event.data.code
        ? { authResponse: { code: event.data.code, userID: null, expiresIn: null }, status: 'connected' }
        : { authResponse: null, status: 'unknown' });
  });

  function login(callback, options) {
    if (!settings) {
      console.error('FB.login() called before FB.init().');
      return;
    }
    var asked = options || {};
    var query = new URLSearchParams({
      client_id: settings.appId || '',
      config_id: asked.config_id || '',
      response_type: asked.response_type || 'token',
      override_default_response_type: String(asked.override_default_response_type === true),
      extras: JSON.stringify(asked.extras || {}),
      display: 'popup'
    });
    var url = origin + '/' + (settings.version || 'v21.0') + '/dialog/oauth?' + query;
    var popup = window.open(url, 'fb_login', 'width=600,height=720');
    if (!popup) {
      callback({ authResponse: null, status: 'unknown' });
      return;
    }
    var closedFor = 0;
    pending = {
      popup: popup,
      callback: callback,
      watch: setInterval(function () {
        // The dialog's last message may still be on its way when its window is already gone.
        closedFor = popup.closed ? closedFor + 1 : 0;
        if (closedFor > 3) {
          finish({ authResponse: null, status: 'unknown' });
        }
      }, 150)
    };
  }

  window.FB = {
    init: function (options) { settings = options || {}; },
    login: login,
    getLoginStatus: function (callback) { callback({ authResponse: null, status: 'unknown' }); },
    logout: function (callback) { if (callback) { callback({ authResponse: null, status: 'unknown' }); } },
    AppEvents: { logPageView: function () {} },
    XFBML: { parse: function () {} },
    Event: { subscribe: function () {}, unsubscribe: function () {} }
  };

  var started = false;
  function start() {
    if (!started && typeof window.fbAsyncInit === 'function') {
      started = true;
      window.fbAsyncInit();
    }
  }
  start();
  window.addEventListener('load', start);
})();
