#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <list>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace troupe::models {

/// A queue that serves tenants in turn, and the sessions of a tenant in turn; those of one session in the
/// order they came. However much one session asks for, another waits for no more than one call of each tenant
/// and of each session of its own tenant. Pure.
template <class T>
class FairQueue {
 public:
  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }

  void push(const std::string& tenant, const std::string& session, T item) {
    lane(lane(tenants_, tenant)->inner, session)->inner.push_back(std::move(item));
    ++size_;
  }

  /// Whose turn it is. Not when it is empty.
  T& front() { return tenants_.order.front().inner.order.front().inner.front(); }

  /// Whose turn it is among the tenants that `may` go; nullptr where none of them may.
  template <class May>
  T* front_of(May may) {
    const auto tenant =
        std::ranges::find_if(tenants_.order, [&](const auto& lane) { return may(lane.name); });
    return tenant == tenants_.order.end() ? nullptr : &tenant->inner.order.front().inner.front();
  }

  /// Takes the front; its session and its tenant go to the end of their rows. Not when it is empty.
  T pop() { return pop(tenants_.order.begin()); }
  /// The same of one tenant, which has something in the queue.
  T pop(const std::string& tenant) { return pop(tenants_.by_name.at(tenant)); }

  /// Takes one out, wherever it stands. False when it is not there.
  bool remove(const std::string& tenant, const std::string& session, const T& item) {
    auto of = tenants_.by_name.find(tenant);
    if (of == tenants_.by_name.end()) return false;
    Sessions& sessions = of->second->inner;
    auto in = sessions.by_name.find(session);
    if (in == sessions.by_name.end()) return false;
    Items& items = in->second->inner;
    auto found = std::ranges::find(items, item);
    if (found == items.end()) return false;
    items.erase(found);
    --size_;
    if (items.empty()) drop(sessions, in->second);
    if (sessions.order.empty()) drop(tenants_, of->second);
    return true;
  }

  /// Everything in it, in no order.
  std::vector<T> all() const {
    std::vector<T> items;
    for (const auto& tenant : tenants_.order)
      for (const auto& session : tenant.inner.order)
        items.insert(items.end(), session.inner.begin(), session.inner.end());
    return items;
  }

 private:
  template <class Inner>
  struct Lane {
    std::string name;
    Inner inner;
  };
  /// Lanes that are served in turn; none is empty.
  template <class Inner>
  struct Row {
    std::list<Lane<Inner>> order;
    std::unordered_map<std::string, typename std::list<Lane<Inner>>::iterator> by_name;
  };
  using Items = std::deque<T>;
  using Sessions = Row<Items>;

  template <class Inner>
  static auto lane(Row<Inner>& row, const std::string& name) {
    auto known = row.by_name.find(name);
    if (known != row.by_name.end()) return known->second;
    row.order.push_back({name, {}});
    return row.by_name[name] = std::prev(row.order.end());
  }
  template <class Inner>
  static void drop(Row<Inner>& row, typename std::list<Lane<Inner>>::iterator lane) {
    row.by_name.erase(lane->name);
    row.order.erase(lane);
  }
  T pop(typename std::list<Lane<Row<Items>>>::iterator tenant) {
    Sessions& sessions = tenant->inner;
    const auto session = sessions.order.begin();
    T item = std::move(session->inner.front());
    session->inner.pop_front();
    --size_;
    served(sessions, session, session->inner.empty());
    served(tenants_, tenant, sessions.order.empty());
    return item;
  }
  // To the end of the row, or out of it.
  template <class Inner>
  static void served(Row<Inner>& row, typename std::list<Lane<Inner>>::iterator lane, bool empty) {
    if (empty)
      drop(row, lane);
    else
      row.order.splice(row.order.end(), row.order, lane);
  }

  Row<Sessions> tenants_;
  std::size_t size_ = 0;
};

}  // namespace troupe::models
