#include "tests/floors/compile_alone.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <mutex>
#include <set>
#include <thread>

namespace troupe::floors {

namespace fs = std::filesystem;

namespace {

/// As the project is compiled, without what only concerns code generation.
constexpr const char* kFlags =
    " -std=c++23 -Wall -Wextra -Wpedantic -Wshadow -Werror -Wno-unused-parameter"
    " -Wno-missing-field-initializers -Wno-pragma-once-outside-header -DBOOST_ASIO_NO_DEPRECATED"
    " -DBOOST_ASIO_SEPARATE_COMPILATION -DBOOST_BEAST_SEPARATE_COMPILATION -DSPDLOG_FMT_EXTERNAL"
    " -DVALIJSON_USE_EXCEPTIONS=1 -I" TROUPE_SOURCE_DIR;

/// The library an include belongs to, when it is one that is slow to parse; else "".
std::string library_of(const std::string& include) {
  for (const char* library : {"boost/asio/", "boost/beast/", "nlohmann/", "fmt/", "doctest/"}) {
    if (include.starts_with(library)) return library;
  }
  return "";
}

using Libraries = std::set<std::string>;

Libraries libraries_of(const SourceTree& tree, const std::set<std::string>& closure) {
  Libraries libraries;
  for (const auto& path : closure) {
    for (const auto& include : tree.find(path)->includes) {
      if (include.angled && !library_of(include.path).empty()) libraries.insert(library_of(include.path));
    }
  }
  return libraries;
}

/// Every include of these libraries that any header of the project names.
std::string includes_of(const SourceTree& tree, const Libraries& libraries) {
  std::set<std::string> names;
  for (const auto& [path, file] : tree.files()) {
    for (const auto& include : file.includes) {
      if (file.is_header() && include.angled && libraries.contains(library_of(include.path)))
        names.insert(include.path);
    }
  }
  std::string source;
  for (const auto& name : names) source += "#include <" + name + ">\n";
  return source;
}

std::string hash_of(const std::string& text) {
  char hex[17];
  std::snprintf(hex, sizeof hex, "%016zx", std::hash<std::string>{}(text));
  return hex;
}

struct Outcome {
  bool ok = false;
  std::string output;
};

Outcome run(const std::string& command) {
  Outcome outcome;
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  if (!pipe) return {false, "cannot run " + command};
  char chunk[4096];
  std::size_t got;
  while ((got = std::fread(chunk, 1, sizeof chunk, pipe)) > 0) outcome.output.append(chunk, got);
  outcome.ok = pclose(pipe) == 0;
  return outcome;
}

/// Calls work(0) … work(count - 1) on two threads.
void in_parallel(std::size_t count, const std::function<void(std::size_t)>& work) {
  std::atomic<std::size_t> next{0};
  auto loop = [&] {
    for (std::size_t i = next++; i < count; i = next++) work(i);
  };
  std::thread other(loop);
  loop();
  other.join();
}

/// Precompiles `source` unless that was done; the output is the path of the result.
Outcome precompile(const std::string& source) {
  const auto stem = (fs::path(TROUPE_STAMPS) / hash_of(source + kFlags + TROUPE_COMPILER)).string();
  const std::string pch = stem + ".pch";
  if (fs::exists(pch)) return {true, pch};
  std::ofstream(stem + ".h") << source;
  // Instantiating templates now instead of in each user of the file makes it three times as fast to use.
  auto outcome =
      run(std::string(TROUPE_COMPILER) + kFlags + " -fpch-instantiate-templates -Xclang -emit-pch" +
          " -x c++-header " + stem + ".h -o " + pch);
  if (outcome.ok) outcome.output = pch;
  return outcome;
}

}  // namespace

std::vector<std::string> headers_that_do_not_compile_alone(const SourceTree& tree,
                                                           const std::vector<std::string>& headers) {
  fs::create_directories(TROUPE_STAMPS);

  struct Job {
    std::string header;
    std::string stamp;
    Libraries libraries;
  };
  std::vector<Job> jobs;
  std::set<Libraries> sets;
  for (const auto& header : headers) {
    const auto closure = tree.closure(header);
    std::string key = header + kFlags + TROUPE_COMPILER;
    for (const auto& path : closure) key += tree.find(path)->text;
    const auto stamp = (fs::path(TROUPE_STAMPS) / (hash_of(key) + ".ok")).string();
    if (fs::exists(stamp)) continue;
    jobs.push_back({header, stamp, libraries_of(tree, closure)});
    if (!jobs.back().libraries.empty()) sets.insert(jobs.back().libraries);
  }

  std::mutex guard;
  std::vector<std::string> complaints;
  std::map<Libraries, std::string> precompiled;
  const std::vector<Libraries> distinct(sets.begin(), sets.end());
  in_parallel(distinct.size(), [&](std::size_t i) {
    auto outcome = precompile(includes_of(tree, distinct[i]));
    std::lock_guard lock(guard);
    if (outcome.ok) {
      precompiled[distinct[i]] = outcome.output;
    } else {
      complaints.push_back(outcome.output);
    }
  });

  in_parallel(jobs.size(), [&](std::size_t i) {
    const auto& job = jobs[i];
    const auto it = precompiled.find(job.libraries);
    const std::string pch =
        it == precompiled.end() ? "" : " -fpch-instantiate-templates -include-pch " + it->second;
    // As a source file that includes nothing else, so that #pragma once stays quiet.
    const auto outcome = run("echo '#include \"" + job.header + "\"' | " + TROUPE_COMPILER + kFlags + pch +
                             " -fsyntax-only -x c++ -");
    std::lock_guard lock(guard);
    if (outcome.ok) {
      std::ofstream(job.stamp) << job.header << '\n';
    } else {
      complaints.push_back(job.header + " does not compile alone:\n" + outcome.output);
    }
  });
  return complaints;
}

}  // namespace troupe::floors
