import type { GraphQLResolveInfo, GraphQLScalarType, GraphQLScalarTypeConfig } from 'graphql';
import type { HeatmapSource } from '../domain/heatmap-source.ts';
import type { ComputedHeatmap } from '../domain/rendering.ts';
import type { Context } from '../context.ts';
export type Maybe<T> = T | null;
export type InputMaybe<T> = Maybe<T>;
export type RequireFields<T, K extends keyof T> = Omit<T, K> & { [P in K]-?: NonNullable<T[P]> };
/** All built-in and custom scalars, mapped to their actual values */
export type Scalars = {
  ID: { input: string; output: string; }
  String: { input: string; output: string; }
  Boolean: { input: boolean; output: boolean; }
  Int: { input: number; output: number; }
  Float: { input: number; output: number; }
  ActivationMaps: { input: unknown; output: unknown; }
  /** Stands for a heatmap that was drawn; signed, good for an hour. */
  HeatmapClaim: { input: string; output: string; }
  _FieldSet: { input: unknown; output: unknown; }
};

export type Radiograph = {
  __typename?: 'Radiograph';
  id: Scalars['ID']['output'];
  activationMaps?: Maybe<Scalars['ActivationMaps']['output']>;
  imageAddress: Scalars['String']['output'];
  /**
   * Where the model looked for a finding (default: the most probable one), drawn over the radiograph. `opacity` is
   * 0 (radiograph alone) to 1 (colours alone). Null until the job has succeeded.
   */
  heatmap?: Maybe<Heatmap>;
};


export type RadiographHeatmapArgs = {
  finding?: InputMaybe<Scalars['String']['input']>;
  colormap?: InputMaybe<Colormap>;
  opacity?: InputMaybe<Scalars['Float']['input']>;
  method?: InputMaybe<CamMethod>;
};

/** A class activation map over a radiograph. It shows what moved the model, not where a disease is. Never for clinical use without approval. */
export type Heatmap = {
  __typename?: 'Heatmap';
  /** The blended picture, of the size of `Radiograph.image`. */
  image: ImageFile;
  /** The finding that the map speaks for. */
  finding: Finding;
  /** How the map was derived. */
  method: CamMethod;
  /** Where the map is highest, in pixels of `image`. */
  peak: Point;
  /** Connected places where the map reaches half of its peak, strongest first. */
  regions: Array<Region>;
  /** Stands for this picture in `studyResultStore`. */
  claim: Scalars['HeatmapClaim']['output'];
};

/** How the map is derived from the model's last feature map (Selvaraju et al., Grad-CAM, ICCV 2017). */
export type CamMethod =
  /** Gradient of the finding's logit. */
  | 'GRAD_CAM'
  /** Gradient of the finding's probability after softmax: what speaks for it against the other findings. */
  | 'GRAD_CAM_SOFTMAX';

/** Colours for the values of a map, from low to high. */
export type Colormap =
  /** Dark blue over green to dark red; even steps (Mikhailov, 2019). */
  | 'TURBO'
  /** Blue over green to red, as in older papers. */
  | 'JET'
  /** Black over blue to white, as OpenCV has it. */
  | 'OCEAN';

/** A place in a picture, in pixels from its upper left corner. */
export type Point = {
  __typename?: 'Point';
  /** From the left edge. */
  x: Scalars['Float']['output'];
  /** From the upper edge. */
  y: Scalars['Float']['output'];
};

/** A rectangle in a picture, in pixels from its upper left corner. */
export type Region = {
  __typename?: 'Region';
  /** Its left edge. */
  x: Scalars['Float']['output'];
  /** Its upper edge. */
  y: Scalars['Float']['output'];
  /** In pixels. */
  width: Scalars['Float']['output'];
  /** In pixels. */
  height: Scalars['Float']['output'];
  /** The highest value of the map within, relative to the map's peak: 0 to 1. */
  score: Scalars['Float']['output'];
};

export type ImageFile = {
  __typename?: 'ImageFile';
  url: Scalars['String']['output'];
  mediaType: Scalars['String']['output'];
  width: Scalars['Int']['output'];
  height: Scalars['Int']['output'];
  bytes: Scalars['Int']['output'];
};

export type Finding = {
  __typename?: 'Finding';
  code: Scalars['String']['output'];
  display: Scalars['String']['output'];
  probability: Scalars['Float']['output'];
};



export type ResolverTypeWrapper<T> = Promise<T> | T;

export type ReferenceResolver<TResult, TReference, TContext> = (
      reference: TReference,
      context: TContext,
      info: GraphQLResolveInfo
    ) => Promise<TResult> | TResult;

      type ScalarCheck<T, S> = S extends true ? T : NullableCheck<T, S>;
      type NullableCheck<T, S> = Maybe<T> extends T ? Maybe<ListCheck<NonNullable<T>, S>> : ListCheck<T, S>;
      type ListCheck<T, S> = T extends (infer U)[] ? NullableCheck<U, S>[] : GraphQLRecursivePick<T, S>;
      export type GraphQLRecursivePick<T, S> = { [K in keyof T & keyof S]: ScalarCheck<T[K], S[K]> };
    

export type ResolverWithResolve<TResult, TParent, TContext, TArgs> = {
  resolve: ResolverFn<TResult, TParent, TContext, TArgs>;
};
export type Resolver<TResult, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> = ResolverFn<TResult, TParent, TContext, TArgs> | ResolverWithResolve<TResult, TParent, TContext, TArgs>;

export type ResolverFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => Promise<TResult> | TResult;

export type SubscriptionSubscribeFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => AsyncIterable<TResult> | Promise<AsyncIterable<TResult>>;

export type SubscriptionResolveFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => TResult | Promise<TResult>;

export interface SubscriptionSubscriberObject<TResult, TKey extends string, TParent, TContext, TArgs> {
  subscribe: SubscriptionSubscribeFn<{ [key in TKey]: TResult }, TParent, TContext, TArgs>;
  resolve?: SubscriptionResolveFn<TResult, { [key in TKey]: TResult }, TContext, TArgs>;
}

export interface SubscriptionResolverObject<TResult, TParent, TContext, TArgs> {
  subscribe: SubscriptionSubscribeFn<any, TParent, TContext, TArgs>;
  resolve: SubscriptionResolveFn<TResult, any, TContext, TArgs>;
}

export type SubscriptionObject<TResult, TKey extends string, TParent, TContext, TArgs> =
  | SubscriptionSubscriberObject<TResult, TKey, TParent, TContext, TArgs>
  | SubscriptionResolverObject<TResult, TParent, TContext, TArgs>;

export type SubscriptionResolver<TResult, TKey extends string, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> =
  | ((...args: any[]) => SubscriptionObject<TResult, TKey, TParent, TContext, TArgs>)
  | SubscriptionObject<TResult, TKey, TParent, TContext, TArgs>;

export type TypeResolveFn<TTypes, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>> = (
  parent: TParent,
  context: TContext,
  info: GraphQLResolveInfo
) => Maybe<TTypes> | Promise<Maybe<TTypes>>;

export type IsTypeOfResolverFn<T = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>> = (obj: T, context: TContext, info: GraphQLResolveInfo) => boolean | Promise<boolean>;

export type NextResolverFn<T> = () => Promise<T>;

export type DirectiveResolverFn<TResult = Record<PropertyKey, never>, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> = (
  next: NextResolverFn<TResult>,
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => TResult | Promise<TResult>;

/** Mapping of federation types */
export type FederationTypes = {
  Radiograph: Radiograph;
};

/** Mapping of federation reference types */
export type FederationReferenceTypes = {
  Radiograph:
    ( { __typename: 'Radiograph' }
    & GraphQLRecursivePick<FederationTypes['Radiograph'], {"id":true}>
    & ( Record<PropertyKey, never>
        | GraphQLRecursivePick<FederationTypes['Radiograph'], {"activationMaps":true,"imageAddress":true}> ) );
};



/** Mapping between all available schema types and the resolvers types */
export type ResolversTypes = {
  ActivationMaps: ResolverTypeWrapper<Scalars['ActivationMaps']['output']>;
  HeatmapClaim: ResolverTypeWrapper<Scalars['HeatmapClaim']['output']>;
  Radiograph: ResolverTypeWrapper<HeatmapSource>;
  ID: ResolverTypeWrapper<Scalars['ID']['output']>;
  String: ResolverTypeWrapper<Scalars['String']['output']>;
  Float: ResolverTypeWrapper<Scalars['Float']['output']>;
  Heatmap: ResolverTypeWrapper<ComputedHeatmap>;
  CamMethod: CamMethod;
  Colormap: Colormap;
  Point: ResolverTypeWrapper<Point>;
  Region: ResolverTypeWrapper<Region>;
  ImageFile: ResolverTypeWrapper<ImageFile>;
  Int: ResolverTypeWrapper<Scalars['Int']['output']>;
  Finding: ResolverTypeWrapper<Finding>;
  Boolean: ResolverTypeWrapper<Scalars['Boolean']['output']>;
};

/** Mapping between all available schema types and the resolvers parents */
export type ResolversParentTypes = {
  ActivationMaps: Scalars['ActivationMaps']['output'];
  HeatmapClaim: Scalars['HeatmapClaim']['output'];
  Radiograph: HeatmapSource;
  ID: Scalars['ID']['output'];
  String: Scalars['String']['output'];
  Float: Scalars['Float']['output'];
  Heatmap: ComputedHeatmap;
  Point: Point;
  Region: Region;
  ImageFile: ImageFile;
  Int: Scalars['Int']['output'];
  Finding: Finding;
  Boolean: Scalars['Boolean']['output'];
};

export interface ActivationMapsScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['ActivationMaps'], any> {
  name: 'ActivationMaps';
}

export interface HeatmapClaimScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['HeatmapClaim'], any> {
  name: 'HeatmapClaim';
}

export type RadiographResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Radiograph'] = ResolversParentTypes['Radiograph'], FederationReferenceType extends FederationReferenceTypes['Radiograph'] = FederationReferenceTypes['Radiograph']> = {
  __resolveReference?: ReferenceResolver<Maybe<ResolversTypes['Radiograph']> | FederationReferenceType, FederationReferenceType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  heatmap?: Resolver<Maybe<ResolversTypes['Heatmap']>, ParentType, ContextType, RequireFields<RadiographHeatmapArgs, 'colormap' | 'opacity' | 'method'>>;
};

export type HeatmapResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Heatmap'] = ResolversParentTypes['Heatmap']> = {
  image?: Resolver<ResolversTypes['ImageFile'], ParentType, ContextType>;
  finding?: Resolver<ResolversTypes['Finding'], ParentType, ContextType>;
  method?: Resolver<ResolversTypes['CamMethod'], ParentType, ContextType>;
  peak?: Resolver<ResolversTypes['Point'], ParentType, ContextType>;
  regions?: Resolver<Array<ResolversTypes['Region']>, ParentType, ContextType>;
  claim?: Resolver<ResolversTypes['HeatmapClaim'], ParentType, ContextType>;
};

export type PointResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Point'] = ResolversParentTypes['Point']> = {
  x?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  y?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
};

export type RegionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Region'] = ResolversParentTypes['Region']> = {
  x?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  y?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  width?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  height?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  score?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
};

export type ImageFileResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ImageFile'] = ResolversParentTypes['ImageFile']> = {
  url?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  mediaType?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  width?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  height?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  bytes?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type FindingResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Finding'] = ResolversParentTypes['Finding']> = {
  code?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  display?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  probability?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
};

export type Resolvers<ContextType = Context> = {
  ActivationMaps?: GraphQLScalarType;
  HeatmapClaim?: GraphQLScalarType;
  Radiograph?: RadiographResolvers<ContextType>;
  Heatmap?: HeatmapResolvers<ContextType>;
  Point?: PointResolvers<ContextType>;
  Region?: RegionResolvers<ContextType>;
  ImageFile?: ImageFileResolvers<ContextType>;
  Finding?: FindingResolvers<ContextType>;
};

