#include "directory/limits_script.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "base/encode.h"

namespace exota::directory {
namespace {

using base::Errc;
using base::fail;

// KEYS are one for each kind of limit (what, and how long); ARGV: how many limits, then window and units of each key, then the key's number
// and the amount of each limit. Answer: the limit that is passed (0: none), in how many seconds that ends (-1: never), the limit that is
// near (0: none).
constexpr std::string_view rule = R"lua(
local now = clock[1] * 1000000 + clock[2]
local of = {}
for i = 1, #KEYS do
  local key = {length = tonumber(ARGV[2 * i]) * 62500, units = tonumber(ARGV[2 * i + 1]), counts = {}, sum = 0, ahead = 0, warned = {}}
  key.slot = math.floor(now / key.length)
  local gone = {}
  local held = redis.call('HGETALL', KEYS[i])
  for j = 1, #held, 2 do
    local field, value = held[j], tonumber(held[j + 1])
    local slot = tonumber(field)
    if value and string.sub(field, 1, 1) == 'w' then
      if value > key.slot or key.slot - value > 16 then
        gone[#gone + 1] = field
      else
        key.warned[field] = true
      end
    elseif not slot or not value or slot < key.slot - 16 then
      gone[#gone + 1] = field
    elseif slot > key.slot then
      -- The clock went back (another server took over): what was counted ahead of it counts as of now, and so for a window and no longer.
      key.ahead = key.ahead + value
      gone[#gone + 1] = field
    else
      key.counts[slot] = value
      key.sum = key.sum + value
    end
  end
  if #gone > 0 then redis.call('HDEL', KEYS[i], unpack(gone)) end
  if key.ahead > 0 then
    key.counts[key.slot] = redis.call('HINCRBY', KEYS[i], string.format('%.0f', key.slot), key.ahead)
    key.sum = key.sum + key.ahead
    redis.call('EXPIRE', KEYS[i], math.ceil(key.length * 17 / 1000000) + 60)
  end
  of[i] = key
end

local first = 2 * #KEYS + 2
local exceeded, again = 0, 0
for l = 1, tonumber(ARGV[1]) do
  local key, amount = of[tonumber(ARGV[first + 2 * l - 2])], tonumber(ARGV[first + 2 * l - 1])
  if key.sum + key.units > amount then
    if exceeded == 0 then exceeded = l end
    if key.units > amount then
      again = -1
    elseif again >= 0 then
      local left, slot = key.sum, key.slot - 17
      while left + key.units > amount and slot < key.slot do
        slot = slot + 1
        left = left - (key.counts[slot] or 0)
      end
      again = math.max(again, math.ceil(((slot + 17) * key.length - now) / 1000000), 1)
    end
  end
end
if exceeded > 0 then return {exceeded, again, 0} end

for i = 1, #KEYS do
  if of[i].units > 0 then redis.call('HINCRBY', KEYS[i], string.format('%.0f', of[i].slot), of[i].units) end
  redis.call('EXPIRE', KEYS[i], math.ceil(of[i].length * 17 / 1000000) + 60)
end
for l = 1, tonumber(ARGV[1]) do
  local i, amount = tonumber(ARGV[first + 2 * l - 2]), tonumber(ARGV[first + 2 * l - 1])
  local key, mark = of[i], 'w' .. ARGV[first + 2 * l - 1]
  if key.sum + key.units >= amount - math.floor(amount / 5) and not key.warned[mark] then
    redis.call('HSET', KEYS[i], mark, string.format('%.0f', key.slot))
    return {0, 0, l}
  end
end
return {0, 0, 0}
)lua";

std::uint64_t units_of(const MessageToCount& message, tenant::LimitUnit unit) noexcept {
    return unit == tenant::LimitUnit::messages ? 1 : message.recipients;
}
std::string_view unit_word(tenant::LimitUnit unit) noexcept { return unit == tenant::LimitUnit::messages ? "messages" : "recipients"; }

}  // namespace

std::string limits_script(std::string_view clock) { return "local clock = " + std::string(clock) + std::string(rule); }

const std::string& limits_script_name() {
    static const std::string name = [] {
        const std::string script = limits_script();
        std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
        unsigned size = 0;
        if (EVP_Digest(script.data(), script.size(), digest.data(), &size, EVP_sha1(), nullptr) != 1) return std::string();  // EVAL is left
        return base::hex_encode({reinterpret_cast<const char*>(digest.data()), size});
    }();
    return name;
}

std::string hash_tag(std::string_view tenant_name) {
    std::string tag = "{";
    for (const char c : tenant_name) {
        if (c == '{')
            tag += "%7B";
        else if (c == '}')
            tag += "%7D";
        else if (c == '%')
            tag += "%25";
        else
            tag += c;
    }
    return tag + '}';
}

std::vector<std::string> limits_command(std::string_view prefix, const MessageToCount& message, Script script) {
    struct Key {
        tenant::LimitUnit unit;
        std::chrono::seconds window;
    };
    std::vector<Key> keys;
    std::vector<std::size_t> key_of;
    for (const tenant::Limit& limit : message.limits) {
        auto known = std::ranges::find_if(keys, [&](const Key& key) { return key.unit == limit.unit && key.window == limit.window; });
        if (known == keys.end()) known = keys.insert(keys.end(), {limit.unit, limit.window});
        key_of.push_back(static_cast<std::size_t>(known - keys.begin()) + 1);
    }
    std::vector<std::string> words;
    words.emplace_back(script == Script::whole ? "EVAL" : "EVALSHA");
    words.push_back(script == Script::whole ? limits_script() : limits_script_name());
    words.push_back(std::to_string(keys.size()));
    const std::string tenants_own = std::string(prefix) + hash_tag(message.tenant_name) + ':';
    for (const Key& key : keys) words.push_back(tenants_own + std::string(unit_word(key.unit)) + ':' + std::to_string(key.window.count()));
    words.push_back(std::to_string(message.limits.size()));
    for (const Key& key : keys) {
        words.push_back(std::to_string(key.window.count()));
        words.push_back(std::to_string(units_of(message, key.unit)));
    }
    for (std::size_t i = 0; i < message.limits.size(); ++i) {
        words.push_back(std::to_string(key_of[i]));
        words.push_back(std::to_string(message.limits[i].amount));
    }
    return words;
}

base::Result<StoreCount> read_count(const RedisReply& reply, const MessageToCount& message) {
    using Is = RedisReply::Is;
    if (reply.is == Is::error) return fail(Errc::invalid_data, error_text(reply));
    const auto is_integer = [](const RedisReply& element) { return element.is == Is::integer; };
    if (reply.is != Is::array || reply.elements.size() != 3 || !std::ranges::all_of(reply.elements, is_integer))
        return fail(Errc::protocol, "its answer is none of the script's");
    const std::int64_t exceeded = reply.elements[0].integer, again = reply.elements[1].integer, near = reply.elements[2].integer;
    const auto most = static_cast<std::int64_t>(message.limits.size());
    constexpr std::int64_t longest = std::int64_t{366} * 86400;
    if (exceeded < 0 || exceeded > most || near < 0 || near > most || again < -1 || again > longest)
        return fail(Errc::protocol, "its answer is none of the script's");
    // A message that is never possible may be refused for good, so a store's word is not enough for that.
    const auto is_passed_alone = [&](const tenant::Limit& limit) { return units_of(message, limit.unit) > limit.amount; };
    if (again == -1 && std::ranges::none_of(message.limits, is_passed_alone))
        return fail(Errc::protocol, "it says that a message is never possible which is within every limit");
    StoreCount count;
    if (exceeded > 0) {
        count.exceeded = static_cast<std::size_t>(exceeded - 1);
        if (again >= 0) count.again = std::chrono::seconds(std::max<std::int64_t>(again, 1));
    } else if (near > 0) {
        count.near = static_cast<std::size_t>(near - 1);
    }
    return count;
}

}  // namespace exota::directory
