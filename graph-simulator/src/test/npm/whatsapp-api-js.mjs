// Sends a text, a template and an uploaded image with whatsapp-api-js. Its host is fixed, so its fetch is redirected.
import { WhatsAppAPI } from 'whatsapp-api-js';
import { BodyComponent, BodyParameter, Image, Language, Template, Text } from 'whatsapp-api-js/messages';

const { GRAPH_URL, ACCESS_TOKEN, PHONE_NUMBER_ID, CUSTOMER } = process.env;
const api = new WhatsAppAPI({
  token: ACCESS_TOKEN,
  secure: false,
  v: 'v21.0',
  ponyfill: {
    fetch: (url, options) => fetch(String(url).replace('https://graph.facebook.com', GRAPH_URL), options)
  }
});

const text = await api.sendMessage(PHONE_NUMBER_ID, CUSTOMER, new Text('שלום מ-whatsapp-api-js'));
const template = await api.sendMessage(
  PHONE_NUMBER_ID,
  CUSTOMER,
  new Template(
    'appointment_reminder',
    new Language('he'),
    new BodyComponent(new BodyParameter('דנה'), new BodyParameter('10:30'))
  )
);
const form = new FormData();
form.set('file', new Blob([new Uint8Array([0x89, 0x50, 0x4e, 0x47])], { type: 'image/png' }), 'a.png');
const uploaded = await api.uploadMedia(PHONE_NUMBER_ID, form);
const media = await api.retrieveMedia(uploaded.id);
const bytes = await (await api.fetchMedia(media.url)).arrayBuffer();
const image = await api.sendMessage(PHONE_NUMBER_ID, CUSTOMER, new Image(uploaded.id, true, 'התור שלך'));
const refused = await api.sendMessage(PHONE_NUMBER_ID, '+972501111111', new Text('nobody wrote'));
console.log(
  JSON.stringify({
    ids: [text, template, image].map((sent) => sent.messages[0].id),
    refusal: refused.error?.code,
    downloaded: bytes.byteLength
  })
);
