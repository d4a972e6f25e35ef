#include "app/commands/command.h"
#include "app/interrupt.h"
#include "app/load.h"
#include "app/talk/printer.h"
#include "app/wiring.h"
#include "runtime/base/suggest.h"
#include "tools/mcp/server_tools.h"
#include "tools/names.h"
#include "tools/toolbox.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace troupe::app {

namespace {

struct ToolsOptions {
  std::string config;
  std::string name;
  std::string input;
  bool json = false;
};

/// A tool's text as a model reads it, what is not UTF-8 replaced; where a terminal shows it, control
/// characters are written out as well.
std::string shown(const std::string& text, int descriptor) {
  std::string quoted;
  append_quoted(quoted, text);
  const Json read = Json::parse(quoted, nullptr, false);
  const std::string sound = read.is_string() ? read.get<std::string>() : "";
  return isatty(descriptor) ? printable(sound) : sound;
}

/// complain() about what a tool may have had a say in.
void complain_shown(const std::string& text) {
  complain(shown(text, STDERR_FILENO));
}

/// Progress of a call made by hand goes to stderr.
class ProgressPrinter final : public EventSink {
 public:
  void publish(Event event) override {
    if (event.type == "tool.progress")
      fmt::print(stderr, "{}\n", shown(string_or(event.fields, "text"), STDERR_FILENO));
  }
};

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

int list(const tools::ToolTable& tools, bool json) {
  Json all = Json::array();
  for (auto& [name, tool] : tools) {
    const tools::ToolSpec& spec = tool->spec();
    if (json)
      all.push_back(
          {{"name", name}, {"description", spec.declaration.description}, {"effect", word(spec.effect)}});
    else
      fmt::print("{:16} {:12} {}\n", shown(name, STDOUT_FILENO), word(spec.effect),
                 shown(first_line(spec.declaration.description), STDOUT_FILENO));
  }
  if (json) fmt::print("{}\n", shown(dump_pretty(all), STDOUT_FILENO));
  return kDone;
}

int no_such_tool(const tools::ToolTable& tools, const std::string& name) {
  if (const auto why = tools::mcp::why_none(tools, tools::section_of(name))) {
    complain_shown(fmt::format("there is no tool `{}` now: {}", name, *why));
    return kFailed;
  }
  complain_shown(fmt::format("there is no tool `{}`{}", name, did_you_mean(name, names_of(tools))));
  return kUsage;
}

int show(const tools::ToolTable& tools, const std::string& name) {
  auto it = tools.find(name);
  if (it == tools.end()) return no_such_tool(tools, name);
  const tools::ToolSpec& spec = it->second->spec();
  Json all = {{"name", name},
              {"description", spec.declaration.description},
              {"effect", word(spec.effect)},
              {"version", spec.version}};
  if (auto schema = parse_json(spec.declaration.schema)) all["input"] = *schema;
  fmt::print("{}\n", shown(dump_pretty(all), STDOUT_FILENO));
  return kDone;
}

Task<int> call(Loop& loop, const tools::ToolTable& table, std::string name, std::string input) {
  if (!table.contains(name)) co_return no_such_tool(table, name);
  auto arguments = parse_json(input);
  if (!arguments) {
    complain(fmt::format("the input is not JSON: {}", arguments.error().message));
    co_return kUsage;
  }
  auto toolbox = tools::Toolbox::make(table, {name});
  if (!toolbox) {
    complain_shown(toolbox.error().message);
    co_return kUsage;
  }
  auto prepared = toolbox->prepare(tools::call_name(name), *arguments);
  if (!prepared) {
    complain_shown(prepared.error().message);
    co_return kUsage;
  }
  prepared->idempotency_key = "by-hand";
  Interrupt interrupt(loop);
  ProgressPrinter progress;
  CallContext context{.loop = loop, .stop = interrupt.stop, .deadline = {}, .events = progress};
  auto outcome = co_await toolbox->run(std::move(*prepared), context);
  if (!outcome.ok) {
    complain_shown(outcome.error);
    co_return interrupt.stop.requested() ? kInterrupted : kFailed;
  }
  fmt::print("{}\n", shown(outcome.output, STDOUT_FILENO));
  co_return kDone;
}

template <class Body>
int with_loaded_tools(const ToolsOptions& options, Body body) {
  auto loaded = load_for_command(options.config);
  if (!loaded) return kUsage;
  return with_tools(loaded->configuration, std::move(body));
}

}  // namespace

void add_tools(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<ToolsOptions>();
  CLI::App* command = app.add_subcommand("tools", "List, show and call the configured tools by hand");
  command->require_subcommand(1);
  auto add = [&](const char* name, const char* description) {
    CLI::App* sub = command->add_subcommand(name, description);
    sub->add_option("-c,--config", options->config,
                    "Configuration file (default: as `troupe serve` looks for it)");
    return sub;
  };
  CLI::App* list_command = add("list", "Names, effects and descriptions");
  list_command->add_flag("--json", options->json, "As JSON");
  list_command->callback([options, &exit_code] {
    exit_code = with_loaded_tools(*options, [options](Loop&, const tools::ToolTable& tools) -> Task<int> {
      co_return list(tools, options->json);
    });
  });
  CLI::App* show_command = add("show", "One tool with the JSON Schema of its input");
  show_command->add_option("name", options->name, "The tool")->required();
  show_command->callback([options, &exit_code] {
    exit_code = with_loaded_tools(*options, [options](Loop&, const tools::ToolTable& tools) -> Task<int> {
      co_return show(tools, options->name);
    });
  });
  CLI::App* call_command = add("call", "Call a tool and print what an agent would read");
  call_command->add_option("name", options->name, "The tool")->required();
  call_command->add_option("input", options->input, "Its input, a JSON object")->required();
  call_command->footer(
      "Example: troupe tools call calc '{\"expression\": \"17.5% of 2480\"}'\n"
      "Exit: 0 done, 1 the call failed, 2 wrong usage or configuration, 130 interrupted.");
  call_command->callback([options, &exit_code] {
    exit_code = with_loaded_tools(*options, [options](Loop& loop, const tools::ToolTable& tools) {
      return call(loop, tools, options->name, options->input);
    });
  });
}

}  // namespace troupe::app
