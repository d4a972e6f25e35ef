// An MCP server over standard input and output for the tests of the client: it does as its arguments say, and
// its tools misbehave in ways of which each has been seen somewhere.
#include "runtime/base/json.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <unistd.h>
#include <vector>

using troupe::Json;

namespace {

struct Manner {
  bool modern = false;     ///< speaks 2026-07-28
  bool mute = false;       ///< reads and never answers
  bool stubborn = false;   ///< ends neither with its input nor on SIGTERM
  bool chatty = false;     ///< prints what is no message before it begins
  bool flood = false;      ///< says much on its standard error
  bool dies = false;       ///< at once, with a word on its standard error
  bool long_line = false;  ///< answers tools/list with a line without end
  bool no_list = false;    ///< does not answer tools/list
  std::string starts;      ///< of each start whether it lives (o) or dies (x), the last one for all further
  std::string diary;       ///< file: a line for each start
};

bool more_tools = false;
Json held;  // the id of a call to `hold`

void say(const Json& message) {
  std::cout << message.dump() << '\n' << std::flush;
}

void result(const Json& id, Json value) {
  say({{"jsonrpc", "2.0"}, {"id", id}, {"result", std::move(value)}});
}

void error(const Json& id, int code, const std::string& message) {
  say({{"jsonrpc", "2.0"}, {"id", id}, {"error", {{"code", code}, {"message", message}}}});
}

void notify(const std::string& method, Json params) {
  say({{"jsonrpc", "2.0"}, {"method", method}, {"params", std::move(params)}});
}

Json text(const std::string& words) {
  return {{"content", Json::array({{{"type", "text"}, {"text", words}}})}};
}

Json tool(const std::string& name) {
  return {{"name", name},
          {"description", "The tool " + name},
          {"inputSchema", {{"type", "object"}, {"properties", {{"text", {{"type", "string"}}}}}}}};
}

Json tools() {
  Json all = Json::array();
  for (const char* name :
       {"echo", "fail", "refuse", "crash", "hold", "count", "environment", "folder", "grow"})
    all.push_back(tool(name));
  if (more_tools) all.push_back(tool("grown"));
  return {{"tools", all}};
}

void call(const Json& id, const Json& params) {
  const std::string name = troupe::string_or(params, "name");
  const Json* arguments = troupe::find(params, "arguments");
  if (name == "echo") return result(id, text(arguments ? troupe::string_or(*arguments, "text") : ""));
  if (name == "fail") {
    Json failed = text("there is no such city");
    failed["isError"] = true;
    return result(id, failed);
  }
  if (name == "crash") {
    std::fputs("a last word\n", stderr);
    std::signal(SIGSEGV, SIG_DFL);  // a sanitizer would make a report of it, slowly
    std::raise(SIGKILL);
  }
  if (name == "hold") {
    held = id;  // the answer comes with the next call to `echo`, or never
    return;
  }
  if (name == "count") {
    const Json* meta = troupe::find(params, "_meta");
    const Json* token = meta ? troupe::find(*meta, "progressToken") : nullptr;
    for (int i = 1; token && i <= 3; ++i)
      notify("notifications/progress", {{"progressToken", *token}, {"progress", i}, {"total", 3}});
    return result(id, text("counted"));
  }
  if (name == "environment") {
    std::string all;
    for (char** one = environ; *one; ++one) all += std::string(*one) + "\n";
    return result(id, text(all));
  }
  if (name == "folder") {
    char here[4096];
    return result(id, text(::getcwd(here, sizeof here) ? here : "?"));
  }
  if (name == "grow") {
    more_tools = true;
    notify("notifications/tools/list_changed", Json::object());
    return result(id, text("grown"));
  }
  error(id, -32602, "Unknown tool: " + name);
}

void answer(const Manner& manner, const Json& message) {
  const std::string method = troupe::string_or(message, "method");
  const Json id = message.contains("id") ? message["id"] : Json();
  if (id.is_null() || method.empty()) return;
  if (method == "server/discover" && manner.modern)
    return result(id, {{"supportedVersions", {"2026-07-28"}}, {"capabilities", {{"tools", Json::object()}}}});
  if (method == "initialize" && !manner.modern)
    return result(
        id,
        {{"protocolVersion", "2025-11-25"},
         {"capabilities",
          {{"tools", {{"listChanged", true}}}, {"resources", Json::object()}, {"prompts", Json::object()}}},
         {"serverInfo", {{"name", "tester"}, {"version", "1.0"}}}});
  if (method == "tools/list" && manner.no_list) return;
  if (method == "tools/list" && manner.long_line) {
    const std::string piece(1u << 20, 'x');
    for (;;) std::cout << piece << std::flush;
  }
  if (method == "tools/list") return result(id, tools());
  if (method == "tools/call") return call(id, message["params"]);
  if (method == "resources/list") return result(id, {{"resources", {{{"uri", "test://a"}, {"name", "A"}}}}});
  if (method == "resources/templates/list") return result(id, {{"resourceTemplates", Json::array()}});
  if (method == "resources/read")
    return result(id, {{"contents", {{{"uri", message["params"]["uri"]}, {"text", "inside of a"}}}}});
  if (method == "prompts/list") return result(id, {{"prompts", {{{"name", "greet"}}}}});
  if (method == "prompts/get")
    return result(id,
                  {{"messages", {{{"role", "user"}, {"content", {{"type", "text"}, {"text", "Hello"}}}}}}});
  error(id, -32601, "Method not found");
}

/// Puts this start into the diary; whether it is one that dies.
bool dies_now(const Manner& manner) {
  std::size_t before = 0;
  if (std::FILE* file = std::fopen(manner.diary.c_str(), "a+")) {
    for (int c; (c = std::fgetc(file)) != EOF;) before += c == '\n';
    std::fprintf(file, "%d\n", static_cast<int>(::getpid()));
    std::fclose(file);
  }
  if (manner.starts.empty()) return manner.dies;
  return manner.starts[std::min(before, manner.starts.size() - 1)] == 'x';
}

}  // namespace

int main(int count, char** words) {
  Manner manner;
  for (const std::string& word : std::vector<std::string>(words + 1, words + count)) {
    manner.modern |= word == "modern";
    manner.mute |= word == "mute";
    manner.stubborn |= word == "stubborn";
    manner.chatty |= word == "chatty";
    manner.flood |= word == "flood";
    manner.dies |= word == "dies";
    manner.long_line |= word == "long-line";
    manner.no_list |= word == "no-list";
    if (word.starts_with("starts=")) manner.starts = word.substr(7);
    if (word.starts_with("diary=")) manner.diary = word.substr(6);
  }
  if (manner.diary.empty() ? manner.dies : dies_now(manner)) {
    const char* key = std::getenv("LICENCE");
    std::fprintf(stderr, "cannot find my licence %s\n", key ? key : "");
    return 3;
  }
  if (manner.stubborn) std::signal(SIGTERM, SIG_IGN);
  if (manner.chatty) std::cout << "Server is starting…\n\n{\"not\": \"rpc\"}\n" << std::flush;
  if (manner.flood)
    for (int i = 0; i < 20'000; ++i) std::fputs("a complaint that goes on and on and on\n", stderr);
  for (std::string line; std::getline(std::cin, line);) {
    const auto message = troupe::parse_json(line);
    if (message && !manner.mute) answer(manner, *message);
  }
  while (manner.stubborn) ::pause();
}
