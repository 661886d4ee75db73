/// The nth Fibonacci number: 0, 1, 1, 2, 3, 5, and so on. nil below 0, and above 92, where 64 bits no longer hold it.
func fib(_ n: Int) -> Int? {
    guard (0...92).contains(n) else { return nil }
    // By adding up. To call fib(n - 1) and fib(n - 2) looks nicer, and would take longer than anybody waits from 50 on.
    var (current, next) = (0, 1)
    for _ in 0..<n {
        // &+ may overflow: in the last step for 92, `next` is a number too far already, and isn't used.
        (current, next) = (next, current &+ next)
    }
    return current
}
