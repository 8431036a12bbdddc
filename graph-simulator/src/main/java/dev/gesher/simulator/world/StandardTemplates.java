package dev.gesher.simulator.world;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gesher.simulator.json.Json;
import java.util.List;
import java.util.stream.StreamSupport;

/**
 * The templates every simulated business has unless told otherwise: {@code order_update} (he,
 * en_US; named {@code first_name}, {@code order_id}), {@code appointment_reminder} (he; two
 * positional), {@code hello_world} (en_US), {@code photo_update} (he; image header, one
 * positional), {@code parcel_update} (en_US only; one positional), {@code track_parcel} (he; URL
 * button with a variable and a quick reply), {@code summer_sale} (he; rejected) and {@code
 * delivery_delay} (he; paused).
 */
final class StandardTemplates {
    private StandardTemplates() {}

    static List<ObjectNode> all() {
        var list =
                Json.parse(
                        """
                        [
                        {"name":"order_update","language":"he","category":"UTILITY","parameter_format":"NAMED","components":[
                          {"type":"HEADER","format":"TEXT","text":"עדכון הזמנה"},
                          {"type":"BODY","text":"שלום {{first_name}}, הזמנה {{order_id}} בדרך אליך.",
                           "example":{"body_text_named_params":[{"param_name":"first_name","example":"דנה"},{"param_name":"order_id","example":"A-17"}]}},
                          {"type":"FOOTER","text":"להסרה השיבו הסר"}]},
                        {"name":"order_update","language":"en_US","category":"UTILITY","parameter_format":"NAMED","components":[
                          {"type":"HEADER","format":"TEXT","text":"Order update"},
                          {"type":"BODY","text":"Hello {{first_name}}, order {{order_id}} is on its way.",
                           "example":{"body_text_named_params":[{"param_name":"first_name","example":"Dana"},{"param_name":"order_id","example":"A-17"}]}},
                          {"type":"FOOTER","text":"Reply STOP to opt out"}]},
                        {"name":"appointment_reminder","language":"he","category":"UTILITY","parameter_format":"POSITIONAL","components":[
                          {"type":"BODY","text":"שלום {{1}}, תזכורת לתור שלך ב-{{2}} אצלנו.","example":{"body_text":[["דנה","10:30"]]}}]},
                        {"name":"hello_world","language":"en_US","category":"UTILITY","parameter_format":"POSITIONAL","components":[
                          {"type":"HEADER","format":"TEXT","text":"Hello World"},
                          {"type":"BODY","text":"Welcome and congratulations!! This message demonstrates your ability to send a WhatsApp message notification."},
                          {"type":"FOOTER","text":"WhatsApp Business Platform sample message"}]},
                        {"name":"photo_update","language":"he","category":"UTILITY","parameter_format":"POSITIONAL","components":[
                          {"type":"HEADER","format":"IMAGE","example":{"header_handle":["4::aW1hZ2U="]}},
                          {"type":"BODY","text":"הזר של {{1}} מוכן!","example":{"body_text":[["דנה"]]}}]},
                        {"name":"parcel_update","language":"en_US","category":"UTILITY","parameter_format":"POSITIONAL","components":[
                          {"type":"BODY","text":"Your parcel {{1}} has arrived.","example":{"body_text":[["A-17"]]}}]},
                        {"name":"track_parcel","language":"he","category":"UTILITY","parameter_format":"POSITIONAL","components":[
                          {"type":"BODY","text":"החבילה של {{1}} יצאה לדרך.","example":{"body_text":[["דנה"]]}},
                          {"type":"BUTTONS","buttons":[{"type":"QUICK_REPLY","text":"הסר"},
                            {"type":"URL","text":"מעקב","url":"https://example.com/t/{{1}}","example":["https://example.com/t/abc"]}]}]},
                        {"name":"summer_sale","language":"he","category":"MARKETING","parameter_format":"POSITIONAL","status":"REJECTED","rejected_reason":"PROMOTIONAL","components":[
                          {"type":"BODY","text":"מבצע קיץ! הכול בחצי מחיר."}]},
                        {"name":"delivery_delay","language":"he","category":"UTILITY","parameter_format":"POSITIONAL","status":"PAUSED","components":[
                          {"type":"BODY","text":"שלום {{1}}, המשלוח מתעכב.","example":{"body_text":[["דנה"]]}}]}
                        ]
                        """);
        return StreamSupport.stream(list.spliterator(), false).map(ObjectNode.class::cast).toList();
    }
}
