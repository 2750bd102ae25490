#include "directory/limits_store.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace exota::directory {

using base::Errc;
using base::fail;

LimitsStore::LimitsStore(net::Loop& loop, const LimitsStoreSettings& settings, const RedisServers& servers)
    : loop_(loop), timeout_(settings.timeout), prefix_(settings.prefix), route_(make_route(loop, settings, servers)), timer_(loop) {}
LimitsStore::~LimitsStore() {
    for (const auto& question : questions_) question->over = true;
}

void LimitsStore::start() { route_->start(); }

bool LimitsStore::lets_through(std::string_view tenant_name) {
    const auto node = route_->node_of(hash_tag(tenant_name));
    return node && node->connection.is_ready() && node->circuit.lets_through(loop_.now()) && questions_.size() < max_under_way;
}

std::string LimitsStore::why_not(std::string_view tenant_name) {
    const auto node = route_->node_of(hash_tag(tenant_name));
    return node ? why_not(*node) : route_->why();
}

std::string LimitsStore::why_not(const RedisNode& node) {
    if (!node.connection.is_ready()) return node.connection.why();
    return node.connection.url().text() + ": it failed a moment ago";
}

void LimitsStore::count(MessageToCount message, Done done) {
    const auto now = loop_.now();
    auto node = route_->node_of(hash_tag(message.tenant_name));
    if (!node || !node->connection.is_ready() || questions_.size() >= max_under_way)
        return done(fail(Errc::unavailable, why_not(message.tenant_name)));
    const Circuit::Pass pass = node->circuit.take(now);
    if (pass == Circuit::Pass::none) return done(fail(Errc::unavailable, why_not(message.tenant_name)));
    const auto question = std::make_shared<Question>(
        Question{.message = std::move(message), .done = std::move(done), .due = now + timeout_, .node = std::move(node), .pass = pass});
    question->place = questions_.insert(questions_.end(), question);
    watch();
    send(question, Script::by_name);
}

void LimitsStore::send(const std::shared_ptr<Question>& question, Script script) {
    const std::vector<std::string> words = limits_command(prefix_, question->message, script);
    const std::vector<std::string_view> views(words.begin(), words.end());
    // What comes of it is told by the answer to the question.
    if (question->asking) question->node->connection.ask(redis_command({"ASKING"}), [](const base::Result<RedisReply>&) {});
    question->node->connection.ask(redis_command(views), [this, weak = std::weak_ptr(question), script](base::Result<RedisReply> reply) {
        const auto asked = weak.lock();
        if (asked && !asked->over) heard(asked, script, std::move(reply));
    });
}

void LimitsStore::heard(const std::shared_ptr<Question>& question, Script script, base::Result<RedisReply> reply) {
    if (!reply) return finish(question, std::unexpected(reply.error()), NodeFailed::yes);
    if (script == Script::by_name && reply->is_error("NOSCRIPT")) return send(question, Script::whole);
    if (const auto to = read_redirection(*reply); to && question->redirections < max_redirections) return follow(question, *to);
    auto count = read_count(*reply, question->message);
    if (!count) count = fail(count.error().code, question->node->connection.url().text() + ": " + count.error().detail);
    // Of one slot that is on its way from node to node, the node is not to blame.
    const bool blameless = count || reply->is_error("TRYAGAIN");
    finish(question, std::move(count), blameless ? NodeFailed::no : NodeFailed::yes);
}

/// The node that sends it on has answered well; the other one is asked like anybody.
void LimitsStore::follow(const std::shared_ptr<Question>& question, const Redirection& to) {
    const auto other = route_->redirected(to, *question->node);
    if (!other) {
        auto nowhere = fail(Errc::invalid_data, question->node->connection.url().text() + ": it sends us to another server");
        return finish(question, std::move(nowhere), NodeFailed::yes);
    }
    question->node->circuit.succeeded(std::exchange(question->pass, Circuit::Pass::none));
    question->node = other;
    ++question->redirections;
    question->asking = to.is == Redirection::Is::ask;
    if (other->connection.is_ready()) question->pass = other->circuit.take(loop_.now());
    if (question->pass != Circuit::Pass::none) return send(question, Script::by_name);
    finish(question, fail(Errc::unavailable, why_not(*other)), NodeFailed::no);
}

void LimitsStore::finish(const std::shared_ptr<Question>& question, base::Result<StoreCount> result, NodeFailed node_failed) {
    question->over = true;
    questions_.erase(question->place);
    if (node_failed == NodeFailed::no)
        question->node->circuit.succeeded(question->pass);
    else
        question->node->circuit.failed(question->pass, loop_.now());
    if (!result) route_->doubt();
    question->done(std::move(result));
}

void LimitsStore::watch() {
    if (watching_ || questions_.empty()) return;
    watching_ = true;
    timer_.start(std::max<Clock::duration>(questions_.front()->due - loop_.now(), Clock::duration{1}), [this] {
        watching_ = false;
        look();
    });
}

/// Where the loop itself was late, the answer may have come in time: that is looked at first.
void LimitsStore::look() {
    const auto now = loop_.now();
    std::vector<std::shared_ptr<Question>> late;
    for (const auto& question : questions_) {
        if (question->due > now) break;
        late.push_back(question);
    }
    for (const auto& question : late)
        if (!question->over) question->node->connection.hear_now();
    for (const auto& question : late)
        if (!question->over)
            finish(question, fail(Errc::timeout, question->node->connection.url().text() + ": no answer within the time allowed"),
                   NodeFailed::yes);
    watch();
}

}  // namespace exota::directory
