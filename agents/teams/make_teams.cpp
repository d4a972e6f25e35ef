#include "agents/teams/make_teams.h"

#include "agents/chains/chain.h"
#include "agents/chains/chain_target.h"
#include "agents/runs/agent_target.h"
#include "agents/teams/member_settings.h"
#include "agents/teams/team_target.h"
#include "agents/teams/tool_target.h"
#include "runtime/base/suggest.h"
#include "tools/builtin/ask_human/ask_human_tool.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

template <class Named>
const Named* by_name(const std::vector<Named>& all, std::string_view name) {
  const auto found = std::ranges::find(all, name, &Named::name);
  return found == all.end() ? nullptr : &*found;
}

void add(std::vector<std::string>& names, const std::string& name) {
  if (!name.empty() && std::ranges::find(names, name) == names.end()) names.push_back(name);
}

/// All teams of a configuration in the making.
class Making {
 public:
  Making(const std::vector<TeamSettings>& settings, const TeamServices& services)
      : settings_(settings), services_(services) {}

  Result<TeamTable> make() {
    for (const TeamSettings& team : settings_)
      if (auto drafted = draft(team); !drafted) return within("team " + team.name, drafted.error());
    std::vector<AgentSettings> members;
    std::map<std::string, tools::ToolTable> own_tools;
    for (MemberDraft& one : drafts_) {
      if (!one.tools.empty()) own_tools.emplace(one.settings.name, std::move(one.tools));
      members.push_back(std::move(one.settings));
    }
    auto agents = make_agents(members, services_.model_settings, services_.models, services_.tools,
                              services_.prompts, services_.memory, own_tools);
    if (!agents) return fail(std::move(agents.error()));
    agents_ = std::move(*agents);
    for (const TeamSettings& team : settings_)
      if (auto made = team_of(team); !made) return within("team " + team.name, made.error());
    return std::move(teams_);
  }

 private:
  std::vector<MemberView> views_of(const TeamSettings& team) const {
    std::vector<MemberView> views;
    for (const std::string& name : members_of(team)) {
      if (name == team.manager && team.pattern == PatternKind::supervisor) continue;
      MemberView view{.name = name};
      if (const AgentSettings* agent = by_name(services_.agents, name)) {
        view.description = agent->description.empty() ? agent->role : agent->description;
        view.remembers = agent->memory.type != "none";
      } else if (const TeamSettings* other = by_name(settings_, name)) {
        view.description = other->description;
      } else if (const auto chain = services_.chains.find(name); chain != services_.chains.end()) {
        view.description = chain->second->settings.description;
      }
      views.push_back(std::move(view));
    }
    return views;
  }

  // Those that a pattern may ask beside the members.
  static std::vector<std::string> made_names(const TeamSettings& team) {
    std::vector<std::string> names;
    for (const std::string_view name : {kManager, kSelector, kJudge}) names.emplace_back(name);
    std::erase_if(names, [&](const std::string& name) {
      return std::ranges::find(team.members, name) != team.members.end();
    });
    return names;
  }

  Result<> draft(const TeamSettings& team) {
    auto switchboard = std::make_shared<Switchboard>();
    const std::vector<MemberView> views = views_of(team);
    const auto add_draft = [&](const AgentSettings& agent, const std::string& name) -> Result<> {
      auto made = draft_of(team, agent, name, views, switchboard, services_.prompts);
      if (!made) return fail(std::move(made.error()));
      const std::vector<std::string> tasks = task_names(team);
      for (std::size_t i = 0; i < tasks.size(); ++i) {
        const TaskSettings& task = team.tasks[i];
        if (task.agent != name || task.guardrail.empty()) continue;
        MemberDraft held = *made;
        held.settings.name += "@" + tasks[i];
        auto& rules = held.settings.guardrails.output;
        rules.insert(rules.end(), task.guardrail.begin(), task.guardrail.end());
        drafts_.push_back(std::move(held));
      }
      drafts_.push_back(std::move(*made));
      return {};
    };
    for (const std::string& name : members_of(team))
      if (const AgentSettings* agent = by_name(services_.agents, name))
        if (auto added = add_draft(*agent, name); !added) return added;
    for (const std::string& name : made_names(team))
      if (auto agent = made_member(team, name, services_.prompts))
        if (auto added = add_draft(*agent, name); !added) return added;
    switchboards_.emplace(team.name, std::move(switchboard));
    return {};
  }

  // A team's members may be teams: these are made first. A team that contains itself is not made.
  Result<std::shared_ptr<const Team>> team_of(const TeamSettings& settings) {
    if (const auto known = teams_.find(settings.name); known != teams_.end()) return known->second;
    if (std::ranges::find(open_, settings.name) != open_.end())
      return fail(ErrorCode::invalid, fmt::format("the team `{}` contains itself", settings.name));
    open_.push_back(settings.name);
    auto team = std::make_shared<Team>();
    team->settings = settings;
    team->views = views_of(settings);
    team->switchboard = switchboards_.at(settings.name);
    team->artifacts = services_.artifacts;
    std::vector<std::string> names = members_of(settings);
    for (const std::string& name : made_names(settings)) add(names, name);
    for (const std::string& name : names) {
      auto member = member_of(settings, name);
      if (!member) return fail(std::move(member.error()));
      if (member->target) team->members.emplace(name, std::move(*member));
    }
    if (auto added = add_tools(*team); !added) return fail(std::move(added.error()));
    open_.pop_back();
    return teams_.emplace(settings.name, std::move(team)).first->second;
  }

  Result<TeamMember> member_of(const TeamSettings& team, const std::string& name) {
    TeamMember member;
    const std::string address = fmt::format("{}/{}", team.name, name);
    if (const auto agent = agents_.find(address); agent != agents_.end()) {
      member.target = std::make_shared<AgentTarget>(agent->second);
      for (const std::string& task : task_names(team))
        if (const auto held = agents_.find(address + "@" + task); held != agents_.end())
          member.tasks.emplace(task, std::make_shared<AgentTarget>(held->second));
    } else if (const TeamSettings* other = by_name(settings_, name)) {
      auto made = team_of(*other);
      if (!made) return fail(std::move(made.error()));
      member.target = std::make_shared<TeamTarget>(std::move(*made));
    } else if (const auto chain = services_.chains.find(name); chain != services_.chains.end()) {
      member.target = std::make_shared<ChainTarget>(chain->second);
    } else if (const auto workers = members_of(team); std::ranges::find(workers, name) != workers.end()) {
      return fail(ErrorCode::not_found, fmt::format("there is no agent, chain or team `{}`", name));
    }
    return member;
  }

  // What questions of nodes are asked with: a tool that is configured under that name, or one of the team's.
  Result<tools::ToolTable> asking_tools(const TeamSettings& team) const {
    const bool asks =
        std::ranges::any_of(team.nodes, [](const auto& node) { return !node.second.person.empty(); });
    if (!asks) return services_.tools;
    const auto configured = services_.tools.find(kPersonTool);
    const bool there = configured != services_.tools.end();
    if (there && !configured->second->spec().asks)
      return fail(
          ErrorCode::conflict,
          fmt::format("a node asks a person, which is done with a tool `{0}`, but the tool `{0}` that is "
                      "configured does something else; give it another name, or `type: ask_human`",
                      kPersonTool));
    if (there && team.people.default_answer.empty()) return services_.tools;
    tools::ToolSettings own{.name = std::string(kPersonTool), .default_answer = team.people.default_answer};
    return tools::ToolTable{{own.name, std::make_shared<tools::AskHumanTool>(own)}};
  }

  Result<> add_tools(Team& team) {
    auto asking = asking_tools(team.settings);
    if (!asking) return fail(std::move(asking.error()));
    for (const auto& [name, node] : team.settings.nodes) {
      const std::string tool = !node.person.empty() ? std::string(kPersonTool) : node.tool;
      if (tool.empty() || team.tools.contains(tool)) continue;
      auto target =
          ToolTarget::make(tool, tool == kPersonTool ? *asking : services_.tools, team.settings.people);
      if (!target) return fail(std::move(target.error()));
      team.tools.emplace(tool, std::move(*target));
    }
    return {};
  }

  const std::vector<TeamSettings>& settings_;
  const TeamServices& services_;
  std::vector<MemberDraft> drafts_;
  std::map<std::string, std::shared_ptr<Switchboard>> switchboards_;
  AgentTable agents_;
  TeamTable teams_;
  std::vector<std::string> open_;
};

}  // namespace

Result<TeamTable> make_teams(const std::vector<TeamSettings>& settings, const TeamServices& services) {
  return Making(settings, services).make();
}

}  // namespace troupe::agents
