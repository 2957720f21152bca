package io.scaibunker.bench;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;

/**
 * The most orders that any scheduler could place on workers that have their image, had it known all of them before: a largest
 * flow from images to workers (Dinic's algorithm).
 */
final class BestPlaces {
    private record Edge(int to, int back) {}

    private final List<List<Edge>> edges = new ArrayList<>();
    private final List<int[]> left = new ArrayList<>();
    private final int[] level;
    private final int[] next;
    private final int source;
    private final int sink;

    /**
     * @param orders how many of each image
     * @param holders the workers that have each image
     * @param room how many orders each worker takes
     */
    static long of(int[] orders, int[][] holders, int[] room) {
        BestPlaces places = new BestPlaces(orders.length, room.length);
        for (int image = 0; image < orders.length; image++) {
            places.connect(places.source, image, orders[image]);
            for (int worker : holders[image]) {
                places.connect(image, orders.length + worker, orders[image]);
            }
        }
        for (int worker = 0; worker < room.length; worker++) {
            places.connect(orders.length + worker, places.sink, room[worker]);
        }
        return places.largest();
    }

    private BestPlaces(int images, int workers) {
        source = images + workers;
        sink = source + 1;
        for (int node = 0; node < sink + 1; node++) {
            edges.add(new ArrayList<>());
        }
        level = new int[sink + 1];
        next = new int[sink + 1];
    }

    /** Edges are numbered; what an edge has left is its number's. */
    private void connect(int from, int to, int capacity) {
        edges.get(from).add(new Edge(to, left.size()));
        left.add(new int[] {capacity});
        edges.get(to).add(new Edge(from, left.size()));
        left.add(new int[] {0});
    }

    private long largest() {
        long flow = 0;
        while (reaches()) {
            Arrays.fill(next, 0);
            for (int more = push(source, Integer.MAX_VALUE); more > 0; more = push(source, Integer.MAX_VALUE)) {
                flow += more;
            }
        }
        return flow;
    }

    private boolean reaches() {
        Arrays.fill(level, -1);
        level[source] = 0;
        Deque<Integer> queue = new ArrayDeque<>(List.of(source));
        while (!queue.isEmpty()) {
            int node = queue.remove();
            for (Edge edge : edges.get(node)) {
                if (left.get(edge.back())[0] > 0 && level[edge.to()] < 0) {
                    level[edge.to()] = level[node] + 1;
                    queue.add(edge.to());
                }
            }
        }
        return level[sink] >= 0;
    }

    /** Along one path, no deeper than the path is long. */
    private int push(int node, int most) {
        if (node == sink) {
            return most;
        }
        for (; next[node] < edges.get(node).size(); next[node]++) {
            Edge edge = edges.get(node).get(next[node]);
            int free = left.get(edge.back())[0];
            if (free > 0 && level[edge.to()] == level[node] + 1) {
                int pushed = push(edge.to(), Math.min(most, free));
                if (pushed > 0) {
                    left.get(edge.back())[0] -= pushed;
                    left.get(edge.back() ^ 1)[0] += pushed;
                    return pushed;
                }
            }
        }
        return 0;
    }
}
