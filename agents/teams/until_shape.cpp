#include "agents/teams/until_shape.h"

#include "agents/teams/names.h"
#include "agents/teams/one_of_keys.h"
#include "agents/teams/part_shape.h"
#include "runtime/config/collections.h"
#include "runtime/config/scalars.h"

namespace troupe::agents {

namespace {

using namespace std::chrono_literals;
using Kind = UntilSettings::Kind;

constexpr std::int64_t kCountMax = 1'000'000;
constexpr std::int64_t kTokensMax = 10'000'000'000;
constexpr std::size_t kTextBytes = 4'096;
constexpr std::size_t kParts = 16;  // of one `any` or `all`
constexpr int kDescribedDepth = 2;  // of the schema, which has no end of its own

class UntilShape final : public config::Shape<UntilSettings> {
 public:
  explicit UntilShape(int depth) : depth_(depth) {
    const auto count = [](std::int64_t most) {
      return part_of(&UntilSettings::count, config::integer64(1, most));
    };
    keys_ = {
        {"messages", Kind::messages, "so many messages: what members said, and notes", count(kCountMax)},
        {"turns", Kind::turns, "members had so many turns", count(kCountMax)},
        {"text", Kind::text, "a member's message has this text in it",
         part_of(&UntilSettings::text, config::text({.expected = "a text", .bytes_max = kTextBytes}))},
        {"time", Kind::time, "so much time has passed since the team began",
         part_of(&UntilSettings::time, config::duration(100ms, 24h))},
        {"tokens", Kind::tokens, "so many tokens were used, input and output", count(kTokensMax)},
        {"cost", Kind::cost, "so much was spent",
         part_of(&UntilSettings::cost, config::number(0.000001, 1e6))},
        {"speaker", Kind::speaker, "this member has spoken", part_of(&UntilSettings::text, member_name())},
    };
    if (depth == 0) return;
    auto inner = std::make_shared<UntilShape>(depth - 1);
    auto parts = config::list_of<UntilSettings>(inner, "a list of conditions", kParts);
    keys_.push_back({"any", Kind::any, "one of these holds", part_of(&UntilSettings::parts, parts)});
    keys_.push_back({"all", Kind::all, "all of these hold", part_of(&UntilSettings::parts, parts)});
    keys_.push_back({"not", Kind::negation, "this does not hold",
                     part_of(&UntilSettings::parts, only_part<UntilSettings>(inner))});
  }

  void read(const config::Node& node, UntilSettings& value, config::Reader& reader) const override {
    const auto* key = the_key(node, keys_, reader, "a condition such as `{ messages: 20 }`");
    if (!key) return;
    value.kind = key->kind;
    const std::size_t errors = reader.errors();
    {
      config::Reader::Inside inside(reader, key->name);
      key->shape->read(node.find(key->name)->value, value, reader);
      if (reader.errors() == errors && (value.kind == Kind::any || value.kind == Kind::all) &&
          value.parts.empty())
        reader.error(node.place, "has no conditions; write at least one");
    }
  }

  Json show(const UntilSettings& value) const override {
    for (const auto& key : keys_)
      if (key.kind == value.kind) return Json{{key.name, key.shape->show(value)}};
    return nullptr;
  }

  Json schema() const override {
    if (depth_ + kDescribedDepth < limits::kUntilDepth) return {{"type", "object"}};
    return one_key_schema(keys_);
  }

 private:
  int depth_;
  std::vector<OneKey<UntilSettings>> keys_;
};

}  // namespace

config::ShapePtr<UntilSettings> until_shape() {
  return std::make_shared<UntilShape>(limits::kUntilDepth);
}

}  // namespace troupe::agents
