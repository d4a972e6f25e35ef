#include "agents/teams/tools/board_tools.h"

#include "agents/teams/blackboard.h"
#include "agents/teams/crew.h"

#include <fmt/format.h>

namespace troupe::agents {

namespace {

/// What both have: the blackboard of the run they are called in.
class BoardTool : public tools::Tool {
 public:
  BoardTool(tools::ToolSpec spec, std::shared_ptr<Switchboard> switchboard)
      : spec_(std::move(spec)), switchboard_(std::move(switchboard)) {}

  const tools::ToolSpec& spec() const override { return spec_; }

  Task<Result<tools::ToolOutput>> call(tools::ToolInput input, CallContext& context) override {
    const Switchboard::Seat* seat = switchboard_->find(context.run);
    if (!seat)
      co_return fail(ErrorCode::unavailable, "there is no blackboard: this run is not part of a team's.");
    auto said = use(seat->crew->board(), std::move(input), seat->member);
    if (!said) co_return fail(std::move(said.error()));
    co_return tools::ToolOutput{.text = std::move(*said)};
  }

 private:
  virtual Result<std::string> use(Blackboard& board, tools::ToolInput input, const std::string& member) = 0;

  tools::ToolSpec spec_;
  std::shared_ptr<Switchboard> switchboard_;
};

class BoardRead final : public BoardTool {
 public:
  explicit BoardRead(std::shared_ptr<Switchboard> switchboard)
      : BoardTool(
            {.declaration = {.name = "board_read",
                             .description = "Reads a value of the team's blackboard; without a name the "
                                            "names of all there are.",
                             .schema = dump({{"type", "object"},
                                             {"properties", {{"name", {{"type", "string"}}}}},
                                             {"additionalProperties", false}})},
             .effect = tools::Effect::idempotent},
            std::move(switchboard)) {}

 private:
  Result<std::string> use(Blackboard& board, tools::ToolInput input, const std::string&) override {
    const std::string name = string_or(input.arguments, "name");
    if (!name.empty()) {
      const BoardValue* value = board.find(name);
      if (!value)
        return fail(ErrorCode::not_found,
                    fmt::format("there is nothing under `{}`; without a name you see what there is", name));
      return dump({{"name", name}, {"version", value->version}, {"by", value->by}, {"value", value->value}});
    }
    Json list = Json::array();
    for (const auto& [key, value] : board.all())
      list.push_back({{"name", key}, {"version", value.version}, {"by", value.by}});
    return dump(list);
  }
};

class BoardWriteTool final : public BoardTool {
 public:
  explicit BoardWriteTool(std::shared_ptr<Switchboard> switchboard)
      : BoardTool(
            {.declaration = {.name = "board_write",
                             .description =
                                 "Writes a value on the team's blackboard, where all members can read it.",
                             .schema = dump(
                                 {{"type", "object"},
                                  {"properties",
                                   {{"name", {{"type", "string"}, {"minLength", 1}}},
                                    {"value", {{"description", "a text, or any JSON"}}},
                                    {"version",
                                     {{"type", "integer"},
                                      {"minimum", 0},
                                      {"description",
                                       "only in the place of this version; 0: only where there is none"}}}}},
                                  {"required", {"name", "value"}},
                                  {"additionalProperties", false}})},
             .effect = tools::Effect::idempotent},
            std::move(switchboard)) {}

 private:
  Result<std::string> use(Blackboard& board, tools::ToolInput input, const std::string& member) override {
    std::optional<std::int64_t> expected;
    if (const Json* version = find(input.arguments, "version")) expected = version->get<std::int64_t>();
    std::string name = string_or(input.arguments, "name");
    auto written = board.write(name, input.arguments.at("value"), member, input.idempotency_key, expected);
    if (!written) return fail(std::move(written.error()));
    return fmt::format("`{}` is written, version {}", name, *written);
  }
};

}  // namespace

std::shared_ptr<tools::Tool> make_board_read_tool(std::shared_ptr<Switchboard> switchboard) {
  return std::make_shared<BoardRead>(std::move(switchboard));
}

std::shared_ptr<tools::Tool> make_board_write_tool(std::shared_ptr<Switchboard> switchboard) {
  return std::make_shared<BoardWriteTool>(std::move(switchboard));
}

}  // namespace troupe::agents
