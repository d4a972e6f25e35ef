#include "agents/teams/topic_shape.h"

#include "agents/teams/topics.h"
#include "runtime/bus/limits.h"
#include "runtime/config/collections.h"
#include "runtime/config/record.h"
#include "runtime/config/scalars.h"

#include <memory>
#include <string>
#include <utility>

namespace troupe::agents {

namespace {

config::ShapePtr<std::string> type_shape(std::string expected, bool empty_allowed) {
  return config::line({.expected = std::move(expected),
                       .bytes_max = limits::kBusTopicBytes,
                       .empty_allowed = empty_allowed,
                       .check = topic_problem});
}

/// A topic's type, or a map with `prefix`.
class TopicShape final : public config::Shape<TopicPattern> {
 public:
  TopicShape() : prefixed_("Every topic whose type begins so") {
    prefixed_
        .field("prefix", &TopicPattern::type, type_shape("the beginning of topics' types", true),
               "what the types begin with; \"\" for all there are")
        .required();
  }

  void read(const config::Node& node, TopicPattern& value, config::Reader& reader) const override {
    value.prefix = node.kind == config::Node::Kind::map;
    if (value.prefix)
      prefixed_.read(node, value, reader);
    else
      type_->read(node, value.type, reader);
  }
  Json show(const TopicPattern& value) const override {
    return value.prefix ? Json{{"prefix", value.type}} : type_->show(value.type);
  }
  Json schema() const override { return {{"anyOf", Json::array({type_->schema(), prefixed_.schema()})}}; }

 private:
  config::ShapePtr<std::string> type_ = type_shape("a topic such as `findings`, or `{ prefix: … }`", false);
  config::Record<TopicPattern> prefixed_;
};

std::string any_key(std::string_view) {
  return "";
}

}  // namespace

config::ShapePtr<TopicsByMember> topics_by_member() {
  auto topics = config::list_of<TopicPattern>(std::make_shared<TopicShape>(), "a list of topics",
                                              limits::kMemberTopics);
  return config::map_of<std::vector<TopicPattern>>(std::move(topics), "a map of lists of topics", any_key);
}

}  // namespace troupe::agents
