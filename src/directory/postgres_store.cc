#include "directory/postgres_store.h"

#include <algorithm>
#include <utility>

#include "base/json_writer.h"
#include "directory/postgres_tables.h"

namespace exota::directory {
namespace {

using tenant::TenantChange;

// Writers wait for each other, those that know nothing of this program, too; who only reads does not wait.
constexpr const char* lock = "LOCK TABLE exota.tenant, exota.tenant_name IN SHARE ROW EXCLUSIVE MODE";

constexpr const char* put_tenant = R"(
INSERT INTO exota.tenant AS t (name, proofs, connector_clients, limits, alignment, forwarding, hybrid, limit_action, recipients, mode)
SELECT $1::text,
       CASE WHEN d ? 'proofs' THEN ARRAY(SELECT jsonb_array_elements_text(d -> 'proofs')) END,
       CASE WHEN d ? 'connector_clients' THEN ARRAY(SELECT jsonb_array_elements_text(d -> 'connector_clients')) END,
       CASE WHEN d ? 'limits' THEN ARRAY(SELECT jsonb_array_elements_text(d -> 'limits')) END,
       d ->> 'alignment', d ->> 'forwarding', (d ->> 'hybrid')::boolean, d ->> 'limit_action', d -> 'recipients', d ->> 'mode'
FROM (SELECT $2::jsonb AS d) AS given
ON CONFLICT (name) DO UPDATE SET
    proofs = EXCLUDED.proofs, connector_clients = EXCLUDED.connector_clients, limits = EXCLUDED.limits, alignment = EXCLUDED.alignment,
    forwarding = EXCLUDED.forwarding, hybrid = EXCLUDED.hybrid, limit_action = EXCLUDED.limit_action, recipients = EXCLUDED.recipients,
    mode = EXCLUDED.mode)";

constexpr const char* remove_names = R"(
DELETE FROM exota.tenant_name AS n WHERE n.tenant = $1::text
    AND NOT coalesce($2::jsonb -> (n.kind || 's') ? n.name, false))";

constexpr const char* put_names = R"(
INSERT INTO exota.tenant_name (kind, name, tenant)
SELECT k.kind, n.name, $1::text
FROM (VALUES ('tenant_id'), ('organization'), ('domain'), ('dkim_domain')) AS k (kind),
     jsonb_array_elements_text($2::jsonb -> (k.kind || 's')) AS n (name)
ON CONFLICT (tenant, kind, name) DO NOTHING)";

std::string document_of(const tenant::RawTenant& one) {
    return base::json_text([&one](base::JsonObject& fields) { add_fields(fields, one); });
}

/// A version-2 text of rows, which may mean what they like.
std::string text_of(const std::vector<TenantRow>& rows) {
    const auto file = [&rows](base::JsonObject& root) {
        root.add("version", 2);
        root.add("tenants", [&rows](base::JsonObject& tenants) {
            tenants.set_lines({"\n", ",\n", "\n"});
            for (const TenantRow& row : rows) tenants.add(row.name, base::JsonText{row.document});
        });
    };
    return base::json_text(file, base::spaced_json) + '\n';
}

}  // namespace

PostgresStore::PostgresStore(PostgresSettings settings) : settings_(std::move(settings)), place_(name_of(settings_)) {}

base::Result<void> PostgresStore::ask(const std::string& statement, const std::vector<std::string>& parameters) {
    auto done = connection_->query(statement, parameters);
    if (!done) done.error().detail = place_ + ' ' + done.error().detail;
    return done;
}

base::Result<TenantsStore::Opened> PostgresStore::open(Access access) {
    auto connection = PostgresConnection::connect(settings_, nullptr);
    if (!connection) return base::fail(connection.error().code, place_ + ' ' + connection.error().detail);
    connection_ = *std::move(connection);
    if (const auto good = check_schema(*connection_); !good) return base::fail(good.error().code, place_ + ' ' + good.error().detail);
    if (access == Access::change) {
        if (const auto begun = ask("BEGIN"); !begun) return std::unexpected(begun.error());
        if (const auto locked = ask(lock); !locked) return std::unexpected(locked.error());
    }
    auto rows = read_all(*connection_);
    if (!rows) return base::fail(rows.error().code, place_ + ' ' + rows.error().detail);
    std::ranges::sort(*rows, {}, &TenantRow::name);
    Opened out{.text = {}, .tenants = tenant::RawTenants(), .each_by_itself = true, .in_canonical_form = true};
    std::erase_if(*rows, [&out](const TenantRow& row) {
        auto one = tenant::read_raw_tenant(row.name, row.document);
        if (one)
            out.tenants->put(*std::move(one));
        else
            out.unreadable.push_back({row.name, one.error().detail});
        return !one;
    });
    out.text = text_of(*rows);
    return out;
}

base::Result<void> PostgresStore::write(const Change& change) {
    if (const auto deferred = ask("SET CONSTRAINTS ALL DEFERRED"); !deferred) return deferred;
    for (const TenantChange& one : change.difference) {
        if (one.is == TenantChange::Is::removed) {
            if (const auto removed = ask("DELETE FROM exota.tenant WHERE name = $1::text", {one.name}); !removed) return removed;
            continue;
        }
        const std::string document = document_of(tenant::in_canonical_form(*change.after.find(one.name)));
        for (const char* statement : {put_tenant, remove_names, put_names})
            if (const auto done = ask(statement, {one.name, document}); !done) return done;
    }
    return ask("SET CONSTRAINTS ALL IMMEDIATE");
}

base::Result<void> PostgresStore::change(const Change& change) {
    if (const auto written = write(change); !written) return written;
    if (change.before_it_counts) {
        auto rows = read_all(*connection_);
        if (!rows) return base::fail(rows.error().code, place_ + ' ' + rows.error().detail);
        TenantRows all({}, {});
        if (const auto taken = all.take_all(*std::move(rows)); !taken) return std::unexpected(taken.error());
        if (const auto noted = change.before_it_counts(all.fingerprint()); !noted) return noted;
    }
    auto committed = ask("COMMIT");
    if (!committed && connection_->sqlstate().empty())
        committed.error().detail += ": whether the change was made is not known; exota tenant show says what there is";
    return committed;
}

}  // namespace exota::directory
