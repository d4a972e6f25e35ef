#pragma once

#include "runtime/async/nursery.h"
#include "runtime/async/offload.h"
#include "runtime/sandbox/support.h"
#include "tests/fakes/run_loop.h"
#include "tests/fakes/temp_dir.h"
#include "tests/tools/fake_context.h"
#include "tools/builtin/code/interpreter.h"
#include "tools/catalog.h"
#include "tools/toolbox.h"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace troupe::tools {

using namespace std::chrono_literals;

/// No network: code has none.
struct NoClient final : net::HttpClient {
  Task<Result<net::HttpResponse>> fetch(net::HttpRequest, Stop&) override {
    co_return fail(ErrorCode::network, "no network in this test");
  }
  Task<Result<net::HttpHead>> stream(net::HttpRequest, net::BodySink&, Stop&) override {
    co_return fail(ErrorCode::network, "no network in this test");
  }
};

/// What this machine can do, probed once.
inline const sandbox::Support& machine_here() {
  static const sandbox::Support kSupport = sandbox::probe();
  return kSupport;
}

/// The ways this machine can confine code, best first.
inline std::vector<sandbox::Support> ways_here() {
  std::vector<sandbox::Support> ways;
  if (sandbox::level(machine_here()) >= sandbox::Level::no_namespaces) ways.push_back(machine_here());
  sandbox::Support bare = machine_here();
  bare.bubblewrap.clear();
  if (!machine_here().bubblewrap.empty() && sandbox::level(bare) >= sandbox::Level::no_namespaces)
    ways.push_back(bare);
  return ways;
}

/// Working folders are made below one that other tests at work do not use. Everybody may write to it, as to
/// /tmp: so what keeps code in its own folder is the sandbox.
inline const std::filesystem::path& folder_for_work() {
  static const fakes::TempDir kFolder;
  static const bool kSet = [] {
    std::filesystem::permissions(kFolder.path(), std::filesystem::perms(01777));
    return ::setenv("TMPDIR", kFolder.path().c_str(), 1) == 0;
  }();
  REQUIRE(kSet);
  return kFolder.path();
}

/// Whether code can be run here at all; where it cannot, the test says so and tries nothing.
inline bool code_runs_here() {
  const char* search = std::getenv("PATH");
  const auto found = find_interpreter("", search ? search : "/usr/bin:/bin");
  if (found && !ways_here().empty()) return true;
  MESSAGE("NOT TRIED: ", found ? sandbox::describe(machine_here()) : found.error().message);
  return false;
}

/// Folders of calls that are there now.
inline std::set<std::string> work_folders() {
  std::set<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(folder_for_work()))
    if (entry.path().filename().string().starts_with("troupe-code-")) found.insert(entry.path());
  return found;
}

/// A tool of type `code`, on a loop of its own.
struct CodeWorld {
  explicit CodeWorld(const sandbox::Support& support, CodeSettings code = {})
      : machine(support), services{fake.clock, http} {
    (void)folder_for_work();
    services.workers = &workers;
    services.support = [this]() -> const sandbox::Support& { return machine; };
    settings.name = "python";
    settings.type = "code";
    settings.code = std::move(code);
  }
  std::shared_ptr<Tool> tool() {
    auto made = make_tool(settings, services);
    REQUIRE_MESSAGE(made, (made ? std::string() : made.error().message));
    return *made;
  }
  Result<ToolOutput> call(Json arguments) {
    const auto mine = tool();
    return fakes::run(fake.loop, mine->call(ToolInput{std::move(arguments), "KEY"}, fake.context));
  }
  std::string run(const std::string& code, const std::string& input = "") {
    Json arguments{{"code", code}};
    if (!input.empty()) arguments["stdin"] = input;
    const auto output = call(std::move(arguments));
    return output ? output->text : "error: " + output.error().message;
  }

  const sandbox::Support machine;
  fakes::FakeContext fake;
  NoClient http;
  Workers workers{2};
  ToolServices services;
  ToolSettings settings;
};

}  // namespace troupe::tools
