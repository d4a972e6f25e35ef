#include "agents/teams/tools/note_tools.h"

#include "agents/teams/topics.h"
#include "runtime/bus/limits.h"
#include "runtime/config/text_check.h"

#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace troupe::agents {

namespace {

std::string told(const Readers& readers, const std::string& nobody) {
  std::string text;
  if (readers.names.empty() && readers.full.empty()) text = nobody;
  if (!readers.names.empty())
    text =
        fmt::format("{} will read it at {} next turn: {}.",
                    readers.names.size() == 1 ? "1 member" : fmt::format("{} members", readers.names.size()),
                    readers.names.size() == 1 ? "its" : "their", config::enumerate(readers.names));
  if (!readers.full.empty())
    text += fmt::format("{}It did not reach {}: too many notes wait there already (limits.mailbox).",
                        text.empty() ? "" : " ", config::enumerate(readers.full));
  return text;
}

/// A message that nobody answers. Repeated after a crash it is the one that was sent.
class NoteTool : public tools::Tool {
 public:
  NoteTool(tools::ToolSpec spec, std::shared_ptr<Switchboard> switchboard)
      : spec_(std::move(spec)), switchboard_(std::move(switchboard)) {}

  const tools::ToolSpec& spec() const override { return spec_; }

  Task<Result<tools::ToolOutput>> call(tools::ToolInput input, CallContext& context) override {
    const Switchboard::Seat* seat = switchboard_->find(context.run);
    if (!seat)
      co_return fail(ErrorCode::unavailable,
                     "none of your colleagues is there: this run was asked of you alone. Go on by yourself.");
    Note note{
        .key = crew_key(spec_, input), .from = seat->member, .text = string_or(input.arguments, "text")};
    if (note.text.size() > limits::kNoteBytes)
      co_return fail(ErrorCode::too_large,
                     fmt::format("a note has at most {} bytes, this one has {}; say what matters, in short",
                                 limits::kNoteBytes, note.text.size()));
    if (auto addressed = address(input.arguments, note); !addressed)
      co_return fail(std::move(addressed.error()));
    const std::string nobody = fmt::format("Nobody reads `{}`: the note goes to nobody.", note.topic.type);
    auto readers = co_await seat->crew->tell(std::move(note), context.stop);
    if (context.stop.requested()) co_return fail(stopped("the note", context.stop.reason()));
    if (!readers)
      co_return fail(ErrorCode::tool, fmt::format("the note was not sent ({}): {}", readers.error().reason,
                                                  readers.error().detail));
    co_return tools::ToolOutput{.text = told(*readers, nobody)};
  }

 private:
  virtual Result<> address(const Json& arguments, Note& note) const = 0;

  tools::ToolSpec spec_;
  std::shared_ptr<Switchboard> switchboard_;
};

const std::vector<TopicPattern>& topics_of(const TeamSettings& team, std::string_view member) {
  static const std::vector<TopicPattern> none;
  const auto own = team.publish.find(std::string(member));
  return own == team.publish.end() ? none : own->second;
}

std::string read_by(const TeamSettings& team, const TopicPattern& topic, std::string_view member) {
  if (topic.prefix) return "";
  const auto readers = readers_of(team, topic.type, member);
  return readers.empty() ? "" : fmt::format(" (read by {})", config::enumerate(readers));
}

tools::ToolSpec publish_spec(const TeamSettings& team, std::string_view member) {
  Json names = Json::array();
  std::string list;
  bool all_named = true;
  for (const TopicPattern& topic : topics_of(team, member)) {
    all_named = all_named && !topic.prefix;
    if (!topic.prefix) names.push_back(topic.type);
    list += fmt::format("{}{}{}", list.empty() ? "" : ", ", shown(topic), read_by(team, topic, member));
  }
  Json topic = text_of("what it is about", limits::kBusTopicBytes);
  if (all_named) topic["enum"] = std::move(names);
  return spec_of(
      "publish",
      fmt::format("Sends a note to all colleagues who read a topic; each has it at its next turn, and nobody "
                  "answers. Your topics: {}.",
                  list),
      {{"topic", std::move(topic)},
       {"text", text_of("what they are to know, complete in itself", limits::kNoteBytes)},
       {"source", text_of("which one of the things of this topic it is about", limits::kBusTopicBytes)}},
      {"topic", "text"});
}

class PublishTool final : public NoteTool {
 public:
  PublishTool(const TeamSettings& team, std::string_view member, std::shared_ptr<Switchboard> switchboard)
      : NoteTool(publish_spec(team, member), std::move(switchboard)), topics_(topics_of(team, member)) {}

 private:
  Result<> address(const Json& arguments, Note& note) const override {
    note.topic = {string_or(arguments, "topic"), string_or(arguments, "source")};
    if (const std::string wrong = topic_problem(note.topic.type); !wrong.empty())
      return fail(ErrorCode::invalid, fmt::format("`{}` is no topic: {}", note.topic.type, wrong));
    if (takes(topics_, note.topic.type)) return {};
    std::vector<std::string> list;
    for (const TopicPattern& topic : topics_) list.push_back(shown(topic));
    return fail(ErrorCode::invalid, fmt::format("`{}` is none of your topics; you may publish {}",
                                                note.topic.type, fmt::join(list, ", ")));
  }

  const std::vector<TopicPattern> topics_;
};

class TellTool final : public NoteTool {
 public:
  TellTool(const Colleagues& colleagues, std::shared_ptr<Switchboard> switchboard)
      : NoteTool(spec_of("tell",
                         "Sends a colleague a note, which it reads at its next turn; no answer comes. " +
                             who(colleagues),
                         {{"to", to_of(colleagues)},
                          {"text", text_of("what it is to know, complete in itself", limits::kNoteBytes)}},
                         {"to", "text"}),
                 std::move(switchboard)) {}

 private:
  Result<> address(const Json& arguments, Note& note) const override {
    note.to = string_or(arguments, "to");
    return {};
  }
};

}  // namespace

std::shared_ptr<tools::Tool> make_publish_tool(const TeamSettings& team, std::string_view member,
                                               std::shared_ptr<Switchboard> switchboard) {
  return std::make_shared<PublishTool>(team, member, std::move(switchboard));
}

std::shared_ptr<tools::Tool> make_tell_tool(const Colleagues& colleagues,
                                            std::shared_ptr<Switchboard> switchboard) {
  return std::make_shared<TellTool>(colleagues, std::move(switchboard));
}

}  // namespace troupe::agents
