// Sends a text, a template and an image with @kapso/whatsapp-cloud-api, and prints the answers as one JSON object.
import { WhatsAppClient } from '@kapso/whatsapp-cloud-api';

const { GRAPH_URL, ACCESS_TOKEN, PHONE_NUMBER_ID, CUSTOMER } = process.env;
const client = new WhatsAppClient({ accessToken: ACCESS_TOKEN, baseUrl: GRAPH_URL, graphVersion: 'v21.0' });
const whom = { phoneNumberId: PHONE_NUMBER_ID, to: CUSTOMER };

const text = await client.messages.sendText({ ...whom, body: 'שלום מ-kapso' });
const template = await client.messages.sendTemplate({
  ...whom,
  template: {
    name: 'order_update',
    language: { code: 'he' },
    components: [
      {
        type: 'body',
        parameters: [
          { type: 'text', parameterName: 'first_name', text: 'דנה' },
          { type: 'text', parameterName: 'order_id', text: 'A-17' }
        ]
      }
    ]
  }
});
const image = await client.messages.sendImage({
  ...whom,
  image: { link: 'https://example.com/flowers.jpg', caption: 'הזר שלך' }
});
let refusal = null;
try {
  await client.messages.sendText({ ...whom, to: '+972501111111', body: 'nobody wrote' });
} catch (error) {
  refusal = error.code;
}
console.log(JSON.stringify({ ids: [text, template, image].map((sent) => sent.messages[0].id), refusal }));
