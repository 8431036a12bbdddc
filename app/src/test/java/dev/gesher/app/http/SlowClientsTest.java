package dev.gesher.app.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SlowClientsTest {
    private static final SlowClientSettings SETTINGS =
            new SlowClientSettings(Duration.ofSeconds(30), Duration.ofSeconds(75));

    private final EmbeddedChannel channel = new EmbeddedChannel();

    @BeforeEach
    void connect() {
        channel.freezeTime();
        channel.pipeline().addLast(new SlowClients.Deadline(SETTINGS));
    }

    @AfterEach
    void close() {
        channel.finishAndReleaseAll();
    }

    @Test
    void whoever_connects_and_asks_nothing_is_cut_off() {
        pass(SETTINGS.toBegin().minusMillis(1));
        assertThat(channel.isOpen()).isTrue();

        pass(Duration.ofMillis(1));
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void a_body_that_drips_is_cut_off_although_it_is_never_idle() {
        beginRequest();
        for (int i = 0; i < 29; i++) {
            pass(Duration.ofSeconds(1));
            channel.writeInbound(new DefaultHttpContent(Unpooled.wrappedBuffer(new byte[] {1})));
        }
        assertThat(channel.isOpen()).isTrue();

        pass(Duration.ofSeconds(1));
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void an_answer_may_take_its_time() {
        beginRequest();
        channel.writeInbound(new DefaultLastHttpContent());

        pass(Duration.ofMinutes(5));

        assertThat(channel.isOpen()).isTrue();
    }

    @Test
    void the_next_request_has_its_time_again() {
        beginRequest();
        channel.writeInbound(new DefaultLastHttpContent());
        channel.writeOutbound(LastHttpContent.EMPTY_LAST_CONTENT);

        pass(SETTINGS.toBegin().minusMillis(1));
        beginRequest();
        pass(SETTINGS.toSend().minusMillis(1));
        assertThat(channel.isOpen()).isTrue();

        pass(Duration.ofMillis(1));
        assertThat(channel.isOpen()).isFalse();
    }

    private void beginRequest() {
        channel.writeInbound(new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.POST, "/"));
    }

    private void pass(Duration time) {
        channel.advanceTimeBy(time.toMillis(), TimeUnit.MILLISECONDS);
        channel.runScheduledPendingTasks();
        channel.runPendingTasks();
    }
}
