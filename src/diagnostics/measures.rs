//! The measures that are no number of a row or head of weights: of one pair, of values, of heads among each other, of layers.

use crate::member::{Member, Text};

const fn measure(
    id: &'static str,
    [en, zh]: [&'static str; 2],
    [about_en, about_zh]: [&'static str; 2],
    [formula, source]: [&'static str; 2],
) -> Member {
    Member::cited(id, Text { en, zh }, Text { en: about_en, zh: about_zh }, formula, source)
}

const FLOW_SOURCE: &str = "Abnar and Zuidema 2020, arXiv 2005.00928";
const NORM_SOURCE: &str = "Kobayashi et al. 2020, arXiv 2004.10102, section 3";

/// The measures in the order in which they are shown; the ids are the names in JavaScript: functions, and fields of a cell.
pub static MEASURES: &[Member] = &[
    measure(
        "products",
        ["Per-dimension contribution", "各维贡献"],
        ["What each dimension adds to the score; together they are the score.", "每一维对分数的贡献；其和即为分数。"],
        ["q_c k_c; −(q_c − k_c)²; v_u tanh(…)", ""],
    ),
    measure(
        "queryNorm",
        ["Query norm", "查询范数"],
        ["The length of the query as given: long ones sharpen a row.", "所给查询向量的长度：越长则该行越集中。"],
        ["|q|", ""],
    ),
    measure(
        "keyNorm",
        ["Key norm", "键范数"],
        [
            "The length of the key as given: short keys draw little either way.",
            "所给键向量的长度：短的键对分数影响小。",
        ],
        ["|k|", ""],
    ),
    measure(
        "cosine",
        ["Cosine", "余弦"],
        [
            "The direction's part of q·k, −1 to 1, whatever the score is; 0 where a vector is 0.",
            "q·k 中方向的部分，−1 到 1，与所选分数无关；有零向量时为 0。",
        ],
        ["q·k / (|q| |k|)", ""],
    ),
    measure(
        "valueNorms",
        ["Value norm", "值范数"],
        [
            "How much a key has to say: the length of its value after the output projection. Sinks often have little.",
            "一个键能贡献多少：其值经输出投影后的长度。注意力汇聚点往往很小。",
        ],
        ["|v_j Wo|", NORM_SOURCE],
    ),
    measure(
        "valueWeightedNorms",
        ["Value-weighted norm", "值加权范数"],
        [
            "The length of what a key adds to a query's output: its weight times its value norm.",
            "一个键给查询输出所加部分的长度：其权重乘以值范数。",
        ],
        ["|w_ij v_j Wo|", NORM_SOURCE],
    ),
    measure(
        "headImportance",
        ["Head importance", "头重要性"],
        [
            "What a layer's output loses without the head, relative to the whole. It looks forward only: no gradients.",
            "去掉该头后层输出的损失，相对于整个输出。只看前向，不用梯度。",
        ],
        ["|Y − Y without h| / |Y|", "by gradients: Michel et al. 2019, arXiv 1905.10650"],
    ),
    measure(
        "sinkMetric",
        ["Sink metric", "注意力汇聚指标"],
        [
            "The share of heads that give the first key more than a threshold of their weight, on average.",
            "对首键的平均权重超过阈值的头所占的比例。",
        ],
        ["mean_h [a_h > ε], ε = 0.3", "Gu et al. 2024, arXiv 2410.10781, section 3"],
    ),
    measure(
        "compareWeights",
        ["Jensen–Shannon divergence", "JS 散度"],
        [
            "How far apart two rows of weights are as distributions, in bits: 0 where they are equal, 1 where they share no key.",
            "两行权重作为概率分布相差多远，以比特计：相同为 0，没有共同的键为 1。",
        ],
        [
            "½ Σ_j p_j log₂(p_j / m_j) + ½ Σ_j q_j log₂(q_j / m_j), m = (p + q) / 2",
            "Lin 1991, IEEE Trans. Inf. Theory 37(1), section IV",
        ],
    ),
    measure(
        "rollout",
        ["Attention rollout", "注意力展开"],
        [
            "How much of each input token is in each token after the layers, if a layer passes on what it attends to.",
            "若每层传递其所关注的内容，则各层之后每个词元中含有各输入词元的多少。",
        ],
        ["R_l = Ā_l R_{l−1}, Ā = (A + I) / row sum", FLOW_SOURCE],
    ),
    measure(
        "attentionFlow",
        ["Attention flow", "注意力流"],
        [
            "The most that can run from each token down to each input token when the weights are capacities of pipes.",
            "把权重看作管道容量时，从每个词元流到各输入词元的最大流量。",
        ],
        ["F_ij = max flow from (L, i) to (0, j), capacities Ā", FLOW_SOURCE],
    ),
];
