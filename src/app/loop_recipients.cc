#include "app/loop_recipients.h"

#include <utility>

#include "app/lookup_counts.h"
#include "directory/random_key.h"

namespace exota::app {

base::Result<std::optional<RecipientOptions>> recipient_options(const directory::RecipientSourceSettings& settings) {
    if (!settings.is_asked()) return std::nullopt;
    RecipientOptions out{.settings = settings, .servers = std::nullopt, .filter = std::nullopt};
    if (settings.ldap) {
        auto servers = directory::read_servers(*settings.ldap);
        if (!servers) return std::unexpected(servers.error());
        out.servers = *std::move(servers);
        auto filter = directory::LdapFilter::parse(settings.ldap->filter, directory::LdapRecipients::placeholder);
        if (!filter) return std::unexpected(filter.error());
        out.filter = *std::move(filter);
    }
    return out;
}

LoopRecipients::LoopRecipients(net::Loop& loop, const RecipientOptions& options)
    : loop_(loop),
      status_(std::make_shared<directory::SourceStatus>(options.settings.max_stale)),
      lookup_(
          {.ttl = options.settings.positive_ttl,
           .negative_ttl = options.settings.negative_ttl,
           .max_stale = options.settings.max_stale,
           .most_entries = options.settings.cache_entries},
          directory::random_key().value_or(base::HashKey()),  // without one, strangers who name names can make it slow, not wrong
          [this](const std::string& entry, Answered answered) { ask(entry, std::move(answered)); }, &directory::Clock::now) {
    if (options.settings.postgresql) {
        postgresql_.emplace(*options.settings.postgresql, status_);
        return;
    }
    client_.emplace(loop, *options.settings.ldap, *options.servers, status_);
    ldap_.emplace(*client_, options.settings.ldap->base, *options.filter);
}

void LoopRecipients::start() {
    if (client_) client_->start();
    if (postgresql_) postgresql_->start();
}

void LoopRecipients::ask(const std::string& entry, Answered answered) {
    if (ldap_) return ldap_->ask(entry, std::move(answered));
    // Answered on its thread; the cache belongs to the loop.
    postgresql_->ask(entry,
                     [this, alive = std::weak_ptr(alive_), answered = std::move(answered)](directory::RecipientLookup::Answer answer) {
                         loop_.post([alive, answered, answer = std::move(answer)] {
                             if (!alive.expired()) answered(answer);
                         });
                     });
}

void LoopRecipients::find(const tenant::RecipientName& name, const tenant::RecipientRules& rules,
                          directory::RecipientLookup::OnFound on_found) {
    lookup_.find(name, rules, [this, on_found = std::move(on_found)](directory::RecipientLookup::Is is) mutable {
        add_counts(counters_, counted_, lookup_.counts(), lookup_.kept());
        on_found(is);
    });
}

}  // namespace exota::app
