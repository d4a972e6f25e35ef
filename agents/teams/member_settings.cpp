#include "agents/teams/member_settings.h"

#include "agents/teams/tools/board_tools.h"
#include "agents/teams/tools/colleague_tools.h"
#include "agents/teams/tools/note_tools.h"
#include "agents/teams/topics.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

Colleagues others(const std::vector<MemberView>& views, std::string_view name) {
  Colleagues found;
  for (const MemberView& one : views)
    if (one.name != name) found.push_back(one);
  return found;
}

Colleagues named(const std::vector<MemberView>& views, const std::vector<std::string>& names) {
  Colleagues found;
  for (const std::string& name : names)
    if (auto at = std::ranges::find(views, name, &MemberView::name); at != views.end()) found.push_back(*at);
  return found;
}

using Permissions = std::map<std::string, std::vector<std::string>>;

// Those that the configuration names for it, else those that the pattern gives it.
Colleagues allowed(const Permissions& permissions, std::string_view name,
                   const std::vector<MemberView>& views, bool by_pattern) {
  const auto own = permissions.find(std::string(name));
  if (own != permissions.end()) return named(views, own->second);
  return by_pattern ? others(views, name) : Colleagues();
}

bool manages(const TeamSettings& team, std::string_view name) {
  return team.pattern == PatternKind::supervisor && name == (team.manager.empty() ? kManager : team.manager);
}

bool converses(const TeamSettings& team, const std::vector<MemberView>& views, std::string_view name) {
  return team.pattern == PatternKind::handoff &&
         std::ranges::find(views, name, &MemberView::name) != views.end();
}

bool reads_notes(const TeamSettings& team, std::string_view name) {
  return topics_read(team).contains(std::string(name)) ||
         std::ranges::any_of(team.tell, [&](const auto& one) {
           return std::ranges::find(one.second, name) != one.second.end();
         });
}

Json listed(const Colleagues& colleagues) {
  if (colleagues.empty()) return Json();
  Json list = Json::array();
  for (const MemberView& one : colleagues)
    list.push_back({{"name", one.name}, {"description", one.description}});
  return {{"list", std::move(list)}};
}

std::string instructions(const prompts::PromptSet& prompts, std::string_view name) {
  const prompts::Prompt* prompt = prompts.find(name);
  if (!prompt) return "";
  auto text = prompt->render(Json::object());
  return text ? std::move(*text) : "";
}

AgentSettings made_of(const TeamSettings& team, std::string_view name, std::string_view prompt,
                      models::Intent intent, const prompts::PromptSet& prompts) {
  AgentSettings made;
  made.name = name;
  made.model = team.model;
  made.instructions = instructions(prompts, prompt);
  made.intent = intent;
  made.memory.type = "none";
  // Any text is an answer: what they are asked for is a name or a verdict.
  made.strategy = intent == models::Intent::step ? "react" : "tools";
  return made;
}

}  // namespace

std::optional<AgentSettings> made_member(const TeamSettings& team, std::string_view name,
                                         const prompts::PromptSet& prompts) {
  if (team.model.empty()) return std::nullopt;
  if (name == kManager) return made_of(team, name, "team_manager", models::Intent::step, prompts);
  if (name == kSelector) return made_of(team, name, "team_selector", models::Intent::select, prompts);
  if (name == kJudge) return made_of(team, name, "team_judge", models::Intent::judge, prompts);
  return std::nullopt;
}

Result<MemberDraft> draft_of(const TeamSettings& team, const AgentSettings& agent, std::string_view name,
                             const std::vector<MemberView>& views, std::shared_ptr<Switchboard> switchboard,
                             const prompts::PromptSet& prompts) {
  MemberDraft draft{.settings = agent, .tools = {}};
  draft.settings.name = fmt::format("{}/{}", team.name, name);
  if (agent.intent != models::Intent::step) return draft;  // takes no part

  const Colleagues delegates = allowed(team.delegate, name, views, manages(team, name));
  const Colleagues asked = allowed(team.ask, name, views, manages(team, name) && team.delegate.empty());
  const Colleagues handed =
      team.pattern == PatternKind::handoff
          ? allowed(team.handoffs, name, views, team.handoffs.empty() && converses(team, views, name))
          : Colleagues();
  if (!delegates.empty()) draft.tools.emplace("delegate", make_delegate_tool(delegates, switchboard));
  if (!asked.empty()) draft.tools.emplace("ask", make_ask_tool(asked, switchboard));
  if (!handed.empty()) draft.tools.emplace("handoff", make_handoff_tool(handed));
  const Colleagues told = allowed(team.tell, name, views, false);
  const bool publishes = team.publish.contains(std::string(name));
  if (!told.empty()) draft.tools.emplace("tell", make_tell_tool(told, switchboard));
  if (publishes) draft.tools.emplace("publish", make_publish_tool(team, name, switchboard));
  if (team.board) {
    draft.tools.emplace("board_read", make_board_read_tool(switchboard));
    draft.tools.emplace("board_write", make_board_write_tool(switchboard));
  }

  const prompts::Prompt* prompt = prompts.find("team_member");
  if (!prompt) return fail(ErrorCode::not_found, "there is no prompt `team_member`");
  auto paragraph = prompt->render({{"team", team.name},
                                   {"about", team.description},
                                   {"member", name},
                                   {"colleagues", listed(others(views, name))},
                                   {"delegate", !delegates.empty()},
                                   {"ask", !asked.empty()},
                                   {"handoff", !handed.empty()},
                                   {"tell", !told.empty()},
                                   {"publish", publishes},
                                   {"notes", reads_notes(team, name)},
                                   {"board", team.board}});
  if (!paragraph) return fail(std::move(paragraph.error()));
  std::string& own = draft.settings.instructions;
  own += (own.empty() ? "" : "\n\n") + *paragraph;
  return draft;
}

}  // namespace troupe::agents
