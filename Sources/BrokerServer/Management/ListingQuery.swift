/// What a request wants of a list: which columns, in which order, which page of it.
/// (RabbitMQ: the management plugin's HTTP API, `columns`, `sort`, `sort_reverse`, `page`, `page_size`, `name`.)
struct ListingQuery {
    private var columns: Columns?
    private var sort: String?
    private var isReversed = false
    private var page: Int?
    private var pageSize = 100
    private var name: String?

    private static let largestPage = 500

    /// Why a request's parameters can't be followed.
    struct Invalid: Error, Equatable {
        var error: String
        var reason: String
        static let pagination = Invalid(error: "bad_request", reason: "Pagination parameters are invalid")
    }

    init(_ request: HTTPRequest) throws(Invalid) {
        columns = Columns(request.parameter("columns") ?? "")
        sort = request.parameter("sort").flatMap { $0.isEmpty ? nil : $0 }
        isReversed = request.parameter("sort_reverse") == "true"
        if let text = request.parameter("page") {
            guard let page = Int(text), page > 0 else { throw Invalid.pagination }
            self.page = page
        }
        if let text = request.parameter("page_size") {
            guard let size = Int(text), (1...Self.largestPage).contains(size) else { throw Invalid.pagination }
            pageSize = size
        }
        name = request.parameter("name").flatMap { $0.isEmpty ? nil : $0.lowercased() }
        if name != nil, request.parameter("use_regex") == "true" {
            throw Invalid(error: "bad_request", reason: "use_regex is not supported: name takes a part of the name")
        }
    }

    /// One object with the columns that are wanted.
    func answer(_ object: JSON) -> JSON { selected(object) }

    /// A list, or the page of it that is wanted.
    func answer(_ items: [JSON]) throws(Invalid) -> JSON {
        guard let page else { return .array(sorted(items).map(selected)) }
        let matching = name.map { name in
            items.filter { $0["name"]?.string?.lowercased().contains(name) == true }
        }
        let filtered = sorted(matching ?? items)
        let pageCount = max(1, (filtered.count + pageSize - 1) / pageSize)
        guard page <= pageCount else {
            throw Invalid(
                error: "page_out_of_range",
                reason: "Page out of range, page: \(page) page size: \(pageSize), len: \(filtered.count)")
        }
        let start = (page - 1) * pageSize
        let some = filtered[start..<min(start + pageSize, filtered.count)].map(selected)
        return [
            "filtered_count": .integer(Int64(filtered.count)), "item_count": .integer(Int64(some.count)),
            "items": .array(some), "page": .integer(Int64(page)), "page_count": .integer(Int64(pageCount)),
            "page_size": .integer(Int64(pageSize)), "total_count": .integer(Int64(items.count)),
        ]
    }

    private func sorted(_ items: [JSON]) -> [JSON] {
        guard let sort else { return isReversed ? items.reversed() : items }
        // The keys are looked up once; equal ones keep their order, also when it is reversed.
        let keyed = items.enumerated().map {
            (key: Key($0.element.value(at: sort)), place: $0.offset, item: $0.element)
        }
        return keyed.sorted { left, right in
            if left.key == right.key { return left.place < right.place }
            return isReversed ? right.key < left.key : left.key < right.key
        }.map(\.item)
    }

    /// A value by which a list can be sorted: what is not there first, then numbers, then texts.
    private enum Key: Equatable {
        case none, number(Double), text(String)

        init(_ value: JSON?) {
            switch value {
            case .integer(let integer)?: self = .number(Double(integer))
            case .number(let number)?: self = .number(number)
            case .bool(let bool)?: self = .number(bool ? 1 : 0)
            case .string(let string)?: self = .text(string)
            case .array(let elements)?: self = .number(Double(elements.count))
            case .object?, .null?, nil: self = .none
            }
        }

        static func < (left: Key, right: Key) -> Bool {
            switch (left, right) {
            case (.number(let left), .number(let right)): left < right
            case (.text(let left), .text(let right)): left < right
            case (.none, .number), (.none, .text), (.number, .text): true
            default: false
            }
        }
    }

    private func selected(_ object: JSON) -> JSON { columns?.selected(from: object) ?? object }
}

/// The members that are wanted of each object. Each is looked up: a list may be long, and so may the names of columns.
private struct Columns {
    private var whole: Set<Substring> = []
    /// `queue.name` keeps, of the member `queue`, the member `name`.
    private var parts: [Substring: Set<Substring>] = [:]

    /// nil: all members are.
    init?(_ text: String) {
        let columns = text.split(separator: ",")
        if columns.isEmpty { return nil }
        for column in columns {
            let names = column.split(separator: ".", maxSplits: 1)
            guard let first = names.first else { continue }
            if names.count > 1 { parts[first, default: []].insert(names[1]) } else { whole.insert(first) }
        }
    }

    func selected(from object: JSON) -> JSON {
        guard case .object(let members) = object else { return object }
        return .object(
            members.compactMap { member in
                if whole.contains(member.name[...]) { return member }
                guard let names = parts[member.name[...]] else { return nil }
                guard case .object(let inner) = member.value else { return member }
                return JSON.Member(member.name, .object(inner.filter { names.contains($0.name[...]) }))
            })
    }
}
