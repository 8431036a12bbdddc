package dev.gesher.tenant.db;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.gesher.testkit.CuttingProxy;
import dev.gesher.testkit.GesherDatabase;
import dev.gesher.testkit.TestDatabase;
import java.net.URI;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@GesherDatabase
class FrozenNetworkTest {
    @Test
    @Timeout(30)
    void a_commit_that_gets_no_answer_ends_as_a_database_that_is_away(TestDatabase database)
            throws Exception {
        var uri = URI.create(database.jdbcUrl().substring("jdbc:".length()));
        try (var proxy = new CuttingProxy(uri.getHost(), uri.getPort())) {
            var url = database.jdbcUrl().replace(uri.getAuthority(), "127.0.0.1:" + proxy.port());
            try (var gesher =
                    Gesher.on(
                            database, url + (url.contains("?") ? "&" : "?") + "socketTimeout=1")) {
                proxy.holdCommits();

                assertThatExceptionOfType(DatabaseUnavailableException.class)
                        .isThrownBy(() ->
                                gesher.getBean(TenantScope.class)
                                        .platform(tx ->
                                                tx.update(
                                                        "INSERT INTO leases (lease_name) VALUES ('frozen')")))
                        .matches(DatabaseUnavailableException::inDoubt);
                proxy.letCommitsPass();
            }
        }
    }
}
