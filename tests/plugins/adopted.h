#pragma once

#include "plugins/plugins.h"
#include "tests/plugins/plugin_stage.h"

#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

namespace troupe::plugins {

/// One plugin adopted as a daemon would, under the name `p`, on a loop of its own.
class Adopted {
 public:
  explicit Adopted(const std::string& library, std::string isolation = "process") {
    namespace fs = std::filesystem;
    const fs::path copy = folder_.path() / "plugin.so";
    fs::permissions(folder_.path(), fs::perms(0755));
    fs::copy_file(library, copy);
    fs::permissions(copy, fs::perms(0755));
    Stop stop;
    auto adopted = fakes::run(
        loop, plugins_.adopt({{.name = "p", .path = copy.string(), .isolation = std::move(isolation)}},
                             *http_, stop));
    if (!adopted) throw std::runtime_error(adopted.error().message);
    table = std::move(*adopted);
  }
  ~Adopted() {
    table.clear();
    fakes::run(loop, plugins_.close());
  }

  SystemClock clock;
  Loop loop{clock};
  ToldEvents told;
  PluginTable table;

 private:
  fakes::TempDir folder_;
  std::unique_ptr<net::HttpClient> http_ = net::make_curl_client(loop, {}, net::Guarding::guarded);
  const sandbox::Support support_ = sandbox::probe();
  PluginFolder copies_{(folder_.path() / "copies").string()};
  Plugins plugins_{{.loop = loop,
                    .support = [this]() -> const sandbox::Support& { return support_; },
                    .folder = copies_,
                    .program = test_worker}};
};

}  // namespace troupe::plugins
