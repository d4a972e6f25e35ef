#include "tests/floors/compile_alone.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
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

/// How many headers are precompiled: each further one takes longer than it saves.
constexpr std::size_t kBases = 12;
/// What precompiling a header takes, compared with parsing it.
constexpr double kPrecompiling = 3;

/// What a header takes to parse where the slow libraries are precompiled, roughly.
double weight_of(const SourceTree& tree, const std::set<std::string>& closure) {
  std::set<std::string> angled;
  for (const auto& path : closure)
    for (const auto& include : tree.find(path)->includes)
      if (include.angled && library_of(include.path).empty()) angled.insert(include.path);
  return static_cast<double>(angled.size() + closure.size());
}

/// Which header of the project is precompiled for which others.
class Bases {
 public:
  Bases(const SourceTree& tree, const std::vector<std::string>& headers) {
    for (const auto& header : headers)
      for (const auto& below : tree.closure(header))
        if (below != header) users_[below].push_back(header);
    for (const auto& [below, users] : users_) weights_[below] = weight_of(tree, tree.closure(below));
    for (std::size_t i = 0; i < kBases; ++i) {
      const auto best = std::ranges::max_element(
          users_, {}, [this](const auto& candidate) { return gain(candidate.first, candidate.second); });
      if (best == users_.end() || gain(best->first, best->second) <= 0) return;
      for (const auto& user : best->second)
        if (!heavier_than(best->first, user)) of_[user] = best->first;
    }
  }

  /// "": none.
  std::string of(const std::string& header) const {
    const auto it = of_.find(header);
    return it == of_.end() ? "" : it->second;
  }

 private:
  double has(const std::string& user) const {
    const auto it = of_.find(user);
    return it == of_.end() ? 0 : weights_.at(it->second);
  }
  bool heavier_than(const std::string& base, const std::string& user) const {
    return has(user) >= weights_.at(base);
  }
  double gain(const std::string& base, const std::vector<std::string>& users) const {
    double gain = -kPrecompiling * weights_.at(base);
    for (const auto& user : users) gain += std::max(0.0, weights_.at(base) - has(user));
    return gain;
  }

  std::map<std::string, std::vector<std::string>> users_;  // by what they include, directly or not
  std::map<std::string, double> weights_;
  std::map<std::string, std::string> of_;
};

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

/// Everything that a header is compiled from.
std::string key_of(const SourceTree& tree, const std::string& header) {
  std::string key = header + kFlags + TROUPE_COMPILER;
  for (const auto& path : tree.closure(header)) key += tree.find(path)->text;
  return hash_of(key);
}

/// What is precompiled for some headers: a header of the project, or libraries.
struct Precompiled {
  std::string source;
  std::string key;
  bool operator<(const Precompiled& other) const { return key < other.key; }
};

Precompiled for_header(const SourceTree& tree, const Bases& bases, const std::string& header) {
  if (const std::string base = bases.of(header); !base.empty())
    return {"#include \"" + base + "\"\n", "base " + key_of(tree, base)};
  const std::string libraries = includes_of(tree, libraries_of(tree, tree.closure(header)));
  return {libraries, libraries + kFlags + TROUPE_COMPILER};
}

/// Does so unless that was done; the output is the path of the result.
Outcome precompile(const Precompiled& what) {
  const auto stem = (fs::path(TROUPE_STAMPS) / hash_of(what.key)).string();
  const std::string pch = stem + ".pch";
  if (fs::exists(pch)) return {true, pch};
  std::ofstream(stem + ".h") << what.source;
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

  std::map<std::string, std::string> stamps;  // of those to be compiled
  std::vector<std::string> left;
  for (const auto& header : headers) {
    const auto stamp = (fs::path(TROUPE_STAMPS) / (key_of(tree, header) + ".ok")).string();
    if (fs::exists(stamp)) continue;
    stamps[header] = stamp;
    left.push_back(header);
  }
  const Bases bases(tree, left);
  std::map<std::string, Precompiled> wanted;
  std::set<Precompiled> all;
  for (const auto& header : left) {
    auto what = for_header(tree, bases, header);
    if (what.source.empty()) continue;
    all.insert(what);
    wanted[header] = std::move(what);
  }

  // A base that does not compile complains when its turn comes; whoever wanted it has none then.
  std::mutex guard;
  std::map<std::string, std::string> precompiled;  // by key
  const std::vector<Precompiled> distinct(all.begin(), all.end());
  in_parallel(distinct.size(), [&](std::size_t i) {
    auto outcome = precompile(distinct[i]);
    std::lock_guard lock(guard);
    if (outcome.ok) precompiled[distinct[i].key] = outcome.output;
  });

  std::vector<std::string> complaints;
  in_parallel(left.size(), [&](std::size_t i) {
    const std::string& header = left[i];
    const auto what = wanted.find(header);
    const auto it = what == wanted.end() ? precompiled.end() : precompiled.find(what->second.key);
    const std::string pch =
        it == precompiled.end() ? "" : " -fpch-instantiate-templates -include-pch " + it->second;
    // As a source file that includes nothing else, so that #pragma once stays quiet.
    const auto outcome = run("echo '#include \"" + header + "\"' | " + TROUPE_COMPILER + kFlags + pch +
                             " -fsyntax-only -x c++ -");
    std::lock_guard lock(guard);
    if (outcome.ok) {
      std::ofstream(stamps.at(header)) << header << '\n';
    } else {
      complaints.push_back(header + " does not compile alone:\n" + outcome.output);
    }
  });
  std::ranges::sort(complaints);
  return complaints;
}

}  // namespace troupe::floors
