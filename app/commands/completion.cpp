#include "app/commands/command.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace troupe::app {

namespace {

struct Words {
  std::vector<std::string> commands;
  std::map<std::string, std::vector<std::string>> options;  // "ask" or "runs list" → what may follow
};

void collect(const CLI::App& command, const std::string& path, Words& words) {
  auto& own = words.options[path];
  for (const CLI::App* sub : command.get_subcommands([](const CLI::App*) { return true; })) {
    own.push_back(sub->get_name());
    collect(*sub, path.empty() ? sub->get_name() : path + " " + sub->get_name(), words);
  }
  for (const CLI::Option* option : command.get_options())
    for (const std::string& name : option->get_lnames()) own.push_back("--" + name);
}

// The same word lists for every shell, read from the commands themselves, so that they cannot drift.
std::string bash(const Words& words) {
  std::string script =
      "_troupe() {\n  local cur=\"${COMP_WORDS[COMP_CWORD]}\" path=\"\" w\n"
      "  for w in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do [[ $w != -* ]] && path=\"${path:+$path }$w\"; "
      "done\n"
      "  local choices=\"\"\n  while :; do case \"$path\" in\n";
  for (auto& [path, choices] : words.options)
    script += fmt::format("    \"{}\") choices=\"{}\"; break;;\n", path, fmt::join(choices, " "));
  script +=
      "    *\" \"*) path=\"${path% *}\";;\n    *) break;;\n  esac; done\n"
      "  COMPREPLY=($(compgen -W \"$choices\" -- \"$cur\"))\n  [[ $cur != -* ]] && COMPREPLY+=($(compgen -f "
      "-- \"$cur\"))\n}\n"
      "complete -F _troupe troupe\n";
  return script;
}

std::string fish(const Words& words) {
  std::string script;
  for (auto& [path, choices] : words.options) {
    std::string condition = path.empty() ? "__fish_use_subcommand"
                                         : "__fish_seen_subcommand_from " + path.substr(path.rfind(' ') + 1);
    for (const std::string& choice : choices)
      script += choice.starts_with("--")
                    ? fmt::format("complete -c troupe -n '{}' -l {}\n", condition, choice.substr(2))
                    : fmt::format("complete -c troupe -n '{}' -a {}\n", condition, choice);
  }
  return script;
}

}  // namespace

void add_completion(CLI::App& app, int& exit_code) {
  auto shell = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("completion", "Print a completion script for a shell");
  command->add_option("shell", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->footer(
      "bash: eval \"$(troupe completion bash)\"   zsh: eval \"$(troupe completion zsh)\"   fish: troupe "
      "completion fish | source");
  command->callback([&app, shell, &exit_code] {
    Words words;
    collect(app, "", words);
    if (*shell == "fish")
      fmt::print("{}", fish(words));
    else
      fmt::print("{}{}", *shell == "zsh" ? "autoload -U +X bashcompinit && bashcompinit\n" : "", bash(words));
    exit_code = kDone;
  });
}

}  // namespace troupe::app
