package dev.gesher.whatsapp.graph;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.LocalDate;
import org.junit.jupiter.api.Test;

class GraphVersionsTest {
    @Test
    void the_default_version_ends_in_january_2027() {
        assertThat(GraphVersions.find("v21.0").orElseThrow().until())
                .contains(LocalDate.of(2027, 1, 21));
    }

    @Test
    void fields_follow_the_version() {
        assertThat(GraphVersions.orNewest("v23.0").phoneFields())
                .endsWith(",is_on_biz_app,is_pin_enabled,messaging_limit_tier");
        assertThat(GraphVersions.orNewest("v24.0").phoneFields())
                .endsWith(
                        ",is_on_biz_app,is_pin_enabled,whatsapp_business_manager_messaging_limit");
    }

    @Test
    void a_version_that_nobody_knows_yet_is_read_like_the_newest() {
        assertThat(GraphVersions.find("v99.0")).isEmpty();
        assertThat(GraphVersions.orNewest("v99.0").name()).isEqualTo("v26.0");
    }
}
