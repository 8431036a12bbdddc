package dev.gesher.tenant.catalogue;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** Reads from {@code pg_catalog} what breaks the rules of the tables (design, section 2). */
final class Catalogue {
    /** Each query answers one sentence per thing that breaks its rule. */
    private static final List<String> RULES =
            List.of(
                    // Every table says its kind; Flyway's own cannot.
                    """
                    SELECT format('%s: its comment does not say its kind', name)
                    FROM kinds WHERE kind IS NULL
                    """,
                    """
                    SELECT format('%s: is outside the schema public', c.oid::regclass)
                    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                    WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm') AND n.nspname <> 'public'
                        AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
                    """,
                    // Of any kind: owner and rights.
                    """
                    SELECT format('%s: belongs to the serving role', name) FROM kinds
                    WHERE owner = 'gesher_service'
                    """,
                    """
                    SELECT format('%s: the serving role may not read it', name) FROM kinds
                    WHERE NOT has_table_privilege('gesher_service', table_oid, 'SELECT')
                    """,
                    """
                    SELECT format('%s: the serving role may %s it', name, privilege)
                    FROM kinds CROSS JOIN unnest(ARRAY['TRUNCATE', 'REFERENCES', 'TRIGGER']) AS privilege
                    WHERE has_table_privilege('gesher_service', table_oid, privilege)
                    """,
                    """
                    SELECT format('%s: everyone has the right to %s', name, a.privilege_type)
                    FROM kinds CROSS JOIN LATERAL aclexplode(acl) AS a WHERE a.grantee = 0
                    """,
                    // Tenant tables: their key.
                    """
                    SELECT format('%s: has no column tenant_id uuid not null', name) FROM kinds
                    WHERE kind = 'tenant' AND NOT EXISTS (
                        SELECT FROM pg_attribute a WHERE a.attrelid = table_oid AND a.attname = 'tenant_id'
                            AND a.atttypid = 'uuid'::regtype AND a.attnotnull AND NOT a.attisdropped)
                    """,
                    """
                    SELECT format('%s: tenant_id does not lead its primary key', name) FROM kinds
                    WHERE kind = 'tenant' AND NOT EXISTS (
                        SELECT FROM pg_index i JOIN pg_attribute a
                            ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
                        WHERE i.indrelid = table_oid AND i.indisprimary AND a.attname = 'tenant_id')
                    """,
                    """
                    SELECT format('%s: the unique index %s leaves tenant_id out', name, i.indexrelid::regclass)
                    FROM kinds JOIN pg_index i ON i.indrelid = table_oid
                    WHERE kind = 'tenant' AND (i.indisunique OR i.indisexclusion) AND NOT EXISTS (
                        SELECT FROM pg_attribute a WHERE a.attrelid = table_oid AND a.attname = 'tenant_id'
                            AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1]))
                    """,
                    // Foreign keys.
                    """
                    SELECT format('%s: the foreign key %s leaves tenant_id out', name, f.conname)
                    FROM kinds JOIN pg_constraint f ON f.conrelid = table_oid AND f.contype = 'f'
                    WHERE kind = 'tenant' AND NOT EXISTS (
                        SELECT FROM unnest(f.conkey, f.confkey) AS k (ours, theirs)
                            JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = k.ours
                            JOIN pg_attribute b ON b.attrelid = f.confrelid AND b.attnum = k.theirs
                        WHERE a.attname = 'tenant_id' AND b.attname = 'tenant_id')
                    """,
                    """
                    SELECT format('%s: the foreign key %s acts by itself', name, f.conname)
                    FROM kinds JOIN pg_constraint f ON f.conrelid = table_oid AND f.contype = 'f'
                    WHERE f.confdeltype <> 'a' OR f.confupdtype <> 'a'
                    """,
                    """
                    SELECT format('%s: the foreign key %s leads to %s, a table of another kind', k.name, f.conname, o.name)
                    FROM kinds k JOIN pg_constraint f ON f.conrelid = k.table_oid AND f.contype = 'f'
                        JOIN kinds o ON o.table_oid = f.confrelid
                    WHERE (k.kind = 'tenant') <> (o.kind = 'tenant')
                    """,
                    // Row-level security.
                    """
                    SELECT format('%s: row-level security is not enabled and forced', name)
                    FROM kinds JOIN pg_class c ON c.oid = table_oid
                    WHERE kind = 'tenant' AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
                    """,
                    """
                    SELECT format('%s: does not have exactly our policy', name) FROM kinds
                    WHERE kind = 'tenant' AND coalesce((
                        SELECT string_agg(
                            concat_ws(' ', p.polcmd, p.polpermissive, p.polroles,
                                pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)), ';')
                        FROM pg_policy p WHERE p.polrelid = table_oid), '')
                        <> '* t {0} (tenant_id = ANY (gesher_tenants())) '
                            || '(strpos(current_setting(''gesher.tenants''::text, true), (tenant_id)::text) > 0)'
                    """,
                    // What would go around the policies.
                    """
                    SELECT format('%s: a view must run as whoever asks (security_invoker)', c.oid::regclass)
                    FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND (c.relkind = 'm'
                        OR c.relkind = 'v' AND NOT coalesce(c.reloptions @> ARRAY['security_invoker=true'], false))
                    """,
                    """
                    SELECT format('%s: a function must run as whoever calls it', p.oid::regprocedure)
                    FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef
                        AND NOT (p.proname IN ('gesher_open_webhook_day', 'gesher_drop_webhook_day',
                                'gesher_analyze_grown_tables')
                            AND 'search_path=public, pg_temp' = ANY (p.proconfig)
                            AND NOT has_function_privilege('public', p.oid, 'EXECUTE'))
                    """,
                    """
                    SELECT 'gesher_service: has more power than serving needs' FROM pg_roles r
                    WHERE r.rolname = 'gesher_service' AND (r.rolsuper OR r.rolbypassrls OR r.rolcreaterole
                        OR r.rolcreatedb OR r.rolreplication
                        OR EXISTS (SELECT FROM pg_auth_members m WHERE m.member = r.oid))
                    """);

    private static final String KINDS =
            """
            WITH kinds AS MATERIALIZED (
                SELECT c.oid AS table_oid, c.relname AS name, pg_get_userbyid(c.relowner) AS owner, c.relacl AS acl,
                    substring(obj_description(c.oid, 'pg_class') FROM '^kind: (tenant|directory|platform)\\. .+') AS kind
                FROM pg_class c
                WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'f')
                    AND c.relname <> 'flyway_schema_history')
            """;

    private Catalogue() {}

    /** How many tables of a kind there are. */
    static long count(Connection connection, String kind) throws SQLException {
        try (var statement =
                connection.prepareStatement(KINDS + "SELECT count(*) FROM kinds WHERE kind = ?")) {
            statement.setString(1, kind);
            try (var result = statement.executeQuery()) {
                result.next();
                return result.getLong(1);
            }
        }
    }

    /** One sentence for each broken rule. */
    static List<String> violations(Connection connection) throws SQLException {
        var violations = new ArrayList<String>();
        for (var rule : RULES) {
            try (var statement = connection.prepareStatement(KINDS + rule);
                    var result = statement.executeQuery()) {
                while (result.next()) {
                    violations.add(result.getString(1));
                }
            }
        }
        return violations;
    }
}
